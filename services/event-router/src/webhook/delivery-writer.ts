import { logger } from '@parley/telemetry';
import type { DeliveryRepository, DeliveryWrite } from '../store/delivery-repository.ts';
import { GroupCommit } from './group-commit.ts';

const log = logger('webhook');
const largestGroup = 200;

/** What becomes of stored deliveries, many at a time. Writes of one delivery keep their order. */
export type DeliveryWriter = GroupCommit<DeliveryWrite>;

export function createDeliveryWriter(deliveries: Pick<DeliveryRepository, 'write'>): DeliveryWriter {
  return new GroupCommit({
    commit: async (writes) => void (await deliveries.write(writes)),
    keyOf: (write) => (write.kind === 'put' ? write.delivery.id : write.id),
    largestGroup,
    onError: (error) => log.warn({ err: error }, 'deliveries could not be stored; tried again'),
  });
}
