import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEgress, type Egress } from '@parley/egress';
import { everyEvent } from '@parley/filters';
import { eventually, testDatabase } from '@parley/testing';
import { deliveryId, type Delivery } from '../domain/delivery.ts';
import { SubscriptionIndex } from '../domain/webhook-subscription.ts';
import { createDeliveryRepository, type DeliveryRepository } from '../store/delivery-repository.ts';
import { createGoneEndpointRepository } from '../store/gone-endpoint-repository.ts';
import { startReceiver, type Answer, type Receiver } from '../test-support/webhook-receiver.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { createEgressPost } from './egress-post.ts';
import { EndpointSlots } from './endpoint-slots.ts';
import { GoneEndpoints } from './gone-endpoints.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';

const database = testDatabase();
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
/** Longer than any test may take: what waits for it fails. */
const timeoutMs = 600_000;
let receiver: Receiver;
let egress: Egress;
let deliveries: DeliveryRepository;

beforeAll(async () => {
  receiver = await startReceiver(0, new Map([['/dead', secret]]));
  egress = createEgress({ allow: [receiver.host] });
  deliveries = await createDeliveryRepository(database.db);
});
afterAll(async () => {
  await egress.close();
  await receiver.stop();
});

/** @param found gets the id of each delivery that was read to be sent: it has the slot, or waits for it, right after. */
function partitionsOnOneSlot(found: string[]): () => PartitionDeliveries {
  const subscriptions = new SubscriptionIndex();
  subscriptions.put({ subscriptionId: 's', accountId: 'acme', filter: everyEvent, url: `${receiver.url}/dead`, secret, paused: false, startsAfter: {}, revision: 1n });
  const gone = new GoneEndpoints(createGoneEndpointRepository(database.db));
  const find = async (id: string): Promise<Delivery | undefined> => deliveries.find(id).finally(() => found.push(id));
  const ports = { deliveries: { ...deliveries, find }, subscriptions, gone, slots: new EndpointSlots(1), sendPost: createEgressPost(egress, timeoutMs), schedule: [0, 1_000] };
  return () => new PartitionDeliveries({ isOpen: () => true, attempt: (delivery, signal) => attemptDelivery(ports, delivery, signal) });
}

function deliveryIn(partition: number): Delivery {
  const eventId = `e${partition}`;
  const event = { eventId, callId: `CA${partition}`, partition, stream: 'CALL_EVENTS', streamSequence: 1, timeMs: 1, body: '{}', traceparent: '' };
  return { id: deliveryId('s', eventId), subscriptionId: 's', accountId: 'acme', attempts: 0, notBefore: new Date(0), ...event };
}

test('a partition is given up at once, whether its attempt waits for a slot or for the answer; both are made again', async () => {
  const asked: string[] = [];
  receiver.answer = ({ id }) => {
    asked.push(id);
    return Promise.withResolvers<Answer>().promise;
  };
  const found: string[] = [];
  const newPartition = partitionsOnOneSlot(found);
  const [sending, waiting] = [newPartition(), newPartition()];
  await deliveries.insert([deliveryIn(1), deliveryIn(2)]);
  sending.add([deliveryIn(1)]);
  await eventually(() => expect(asked).toEqual(['e1']));
  waiting.add([deliveryIn(2)]);
  await eventually(() => expect(found).toEqual(['s/e1', 's/e2']));

  await waiting.stop();
  expect(asked).toEqual(['e1']);
  await sending.stop();
  expect(asked).toEqual(['e1']);
  for (const partition of [1, 2]) expect(await deliveries.ofPartition(partition)).toMatchObject([{ attempts: 0 }]);
});
