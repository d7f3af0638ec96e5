import type { ListParkedCallsRequest, ListParkedCallsResponse, RedriveCallRequest, RedriveCallResponse } from '@parley/contracts';
import type { Consumer } from './consumer.ts';
import type { ParkingStore } from './parking.ts';

const defaultPageSize = 50;
const largestPageSize = 200;

/** The handlers of ops.v1.ParkingService, the same in every service that consumes events. */
export interface ParkingHandlers {
  listParkedCalls(request: ListParkedCallsRequest): Promise<ListParkedCallsResponse>;
  redriveCall(request: RedriveCallRequest): Promise<RedriveCallResponse>;
}

export function parkingHandlers(consumer: Consumer, parking: ParkingStore): ParkingHandlers {
  return {
    listParkedCalls: async ({ pageSize, pageToken }) => {
      const limit = Math.min(pageSize > 0 ? pageSize : defaultPageSize, largestPageSize);
      const calls = await parking.list({ limit, after: pageToken });
      return {
        calls: calls.map(({ callId, code, reason, events, parkedAt }) => ({ callId, code, reason, events, parkedTime: parkedAt })),
        nextPageToken: calls.length === limit ? calls.at(-1)!.callId : '',
      };
    },
    redriveCall: async ({ callId }) => ({ applied: await consumer.redrive(callId) }),
  };
}
