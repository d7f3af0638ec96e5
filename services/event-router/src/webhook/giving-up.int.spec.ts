import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEgress, type Egress } from '@parley/egress';
import { everyEvent } from '@parley/filters';
import { eventually, testDatabase } from '@parley/testing';
import { deliveryId, type Delivery } from '../domain/delivery.ts';
import { SubscriptionIndex } from '../domain/webhook-subscription.ts';
import { createAttemptRepository } from '../store/attempt-repository.ts';
import { createDeadLetterRepository, type DeadLetterRepository } from '../store/dead-letter-repository.ts';
import { createDeliveryRepository, type DeliveryRepository } from '../store/delivery-repository.ts';
import { createGapRepository, type GapRepository } from '../store/gap-repository.ts';
import { createGoneEndpointRepository } from '../store/gone-endpoint-repository.ts';
import { startReceiver, type Answer, type Receiver } from '../test-support/webhook-receiver.ts';
import { attemptDelivery } from './attempt-delivery.ts';
import { AttemptLog } from './attempt-log.ts';
import { createDeliveryWriter } from './delivery-writer.ts';
import { createEgressPost } from './egress-post.ts';
import { EndpointGates } from './endpoint-gates.ts';
import { GoneEndpoints } from './gone-endpoints.ts';
import { LaneGaps } from './lane-gaps.ts';
import { PartitionDeliveries } from './partition-deliveries.ts';
import { newMemoryBudget, UnstoredDeliveries } from './unstored-deliveries.ts';

const database = testDatabase();
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
/** Longer than any test may take: what waits for it fails. */
const timeoutMs = 600_000;
let receiver: Receiver;
let egress: Egress;
let deliveries: DeliveryRepository;
let deadLetters: DeadLetterRepository;
let gapRepository: GapRepository;

beforeAll(async () => {
  receiver = await startReceiver(0, new Map([['/dead', secret]]));
  egress = createEgress({ allow: [receiver.host] });
  deliveries = await createDeliveryRepository(database.db);
  deadLetters = await createDeadLetterRepository(database.db);
  gapRepository = await createGapRepository(database.db);
});
afterAll(async () => {
  await egress.close();
  await receiver.stop();
});

/** Partitions whose deliveries share the one request at a time that the endpoint may have. */
function partitionsAtOneGate(): () => PartitionDeliveries {
  const subscriptions = new SubscriptionIndex();
  const signingKeys = [{ secret, expiresAt: undefined }];
  subscriptions.put({ subscriptionId: 's', accountId: 'acme', filter: everyEvent, url: `${receiver.url}/dead`, signingKeys, paused: false, startsAfter: {}, rewind: 0, revision: 1n });
  const gone = new GoneEndpoints(createGoneEndpointRepository(database.db));
  const gates = new EndpointGates({ concurrency: 1, circuit: { failures: 10, pausesMs: [timeoutMs] }, patienceMs: Infinity });
  const attempts = new AttemptLog(createAttemptRepository(database.db));
  const ports = { deliveries, deadLetters, subscriptions, gone, gates, attempts, sendPost: createEgressPost(egress, timeoutMs), schedule: [0, 1_000], maxBodyBytes: 1_000 };
  return () => {
    const partition: PartitionDeliveries = new PartitionDeliveries({ isOpen: () => true, attempt: (delivery) => attemptDelivery(ports, parts, delivery) });
    const { signal } = partition;
    const gaps = new LaneGaps(gapRepository, new Map());
    const unstored = new UnstoredDeliveries({ writer: createDeliveryWriter(deliveries), budget: newMemoryBudget(9, 9_999), spillAfterMs: timeoutMs, spillMovingAfterMs: timeoutMs, isMoving: () => false, isOwner: () => true, signal });
    const parts = { unstored, gaps, signal };
    return partition;
  };
}

function deliveryIn(partition: number): Delivery {
  const eventId = `e${partition}`;
  const event = { eventId, callId: `CA${partition}`, partition, stream: 'CALL_EVENTS', streamSequence: 1, timeMs: 1, body: '{}', traceparent: '' };
  return { id: deliveryId('s', eventId), subscriptionId: 's', accountId: 'acme', attempts: 0, notBefore: new Date(0), ...event };
}

test('a partition is given up at once, whether its attempt waits for its turn or for the answer; both are made again', async () => {
  const asked: string[] = [];
  receiver.answer = ({ id }) => {
    asked.push(id);
    return Promise.withResolvers<Answer>().promise;
  };
  const newPartition = partitionsAtOneGate();
  const [sending, waiting] = [newPartition(), newPartition()];
  await deliveries.write([1, 2].map((partition) => ({ kind: 'put', delivery: deliveryIn(partition) })));
  sending.add([deliveryIn(1)]);
  await eventually(() => expect(asked).toEqual(['e1']));
  waiting.add([deliveryIn(2)]);
  // It stands at the gate within the turn.
  await new Promise(setImmediate);

  await waiting.stop();
  expect(asked).toEqual(['e1']);
  await sending.stop();
  expect(asked).toEqual(['e1']);
  for (const partition of [1, 2]) expect(await deliveries.ofPartition(partition)).toMatchObject([{ attempts: 0 }]);
});
