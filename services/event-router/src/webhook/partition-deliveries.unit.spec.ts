import { expect, test } from '@jest/globals';
import type { Delivery, PendingDelivery } from '../domain/delivery.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';

test('what waits in memory carries no body: it is read when it is sent', async () => {
  const pending: PendingDelivery = {
    id: 's/e1',
    subscriptionId: 's',
    accountId: 'acme',
    callId: 'CA1',
    eventId: 'e1',
    partition: 7,
    stream: 'CALL_EVENTS',
    streamSequence: 1,
    timeMs: 1,
    attempts: 0,
    notBefore: new Date(0),
  };
  const whole: Delivery = { ...pending, body: '{}', traceparent: '00-1-2-01' };
  const attempted = Promise.withResolvers<PendingDelivery>();
  const deliveries = new PartitionDeliveries({
    isOpen: () => true,
    attempt: (delivery) => {
      attempted.resolve(delivery);
      return Promise.resolve({ kind: 'over' });
    },
  });
  deliveries.add([whole]);
  expect(await attempted.promise).toStrictEqual(pending);
  await deliveries.stop();
});
