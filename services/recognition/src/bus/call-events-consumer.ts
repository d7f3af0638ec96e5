import { buckets, oneByOne, startConsumer, type Bus, type Consumer, type ParkingStore, type PositionStore } from '@parley/bus';
import { logger } from '@parley/telemetry';
import { applyCallEvent, type CallEventPorts } from '../usecases/apply-call-event.ts';
import type { EndWaits } from '../usecases/end-waits.ts';
import { fromCallEvent } from './convert.ts';

export interface CallEventsOptions extends Omit<CallEventPorts, 'onEndAwaited'> {
  readonly instance: string;
  readonly positions: PositionStore;
  readonly parking: ParkingStore;
  readonly waits: EndWaits;
}

const log = logger('call events');

/** Reads the events of calls, to learn whose video is displayed and when it is over. */
export function consumeCallEvents(bus: Bus, { waits, observations, instance, positions, parking, ...ports }: CallEventsOptions): Promise<Consumer> {
  return startConsumer(bus, {
    service: 'recognition',
    instance,
    classes: ['call'],
    bucket: buckets.recognition,
    positions,
    parking,
    handle: oneByOne((event) => applyCallEvent(fromCallEvent(event), { ...ports, observations, onEndAwaited: (key) => waits.start(key) })),
    onPartition: {
      gained: async ({ partition }) => {
        await observations.publishPending(partition);
        await waits.gained(partition);
      },
      lost: (partition) => waits.lost(partition),
    },
    onError: (error) => log.warn({ err: error }, 'the consumer of call events met a fault'),
    onParked: (callId, code) => log.error({ callId, code }, 'a call is parked'),
  });
}
