import { describe, expect, test } from '@jest/globals';
import { AckPolicy } from '@nats-io/jetstream';
import { eventStreams } from '@parley/bus';
import { DeleteSubscriptionRequest, EventFilter, RewindSubscriptionRequest, UpdateSubscriptionRequest } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { code, creation, natsSink } from './test-support/requests.ts';
import { startedService } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

const downstreamAccount = 'acme';

async function removeAll(accountId: string): Promise<void> {
  const client = await service.client(accountId);
  for (const { subscriptionId } of (await client.listSubscriptions({ pageSize: 0, pageToken: '' })).subscriptions) {
    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
  }
}

describe('a NATS sink', () => {
  /** Of the account's one NATS sink. */
  const consumerOf = async (stream: string) => {
    const [found] = (await nats.bus.jsm.consumers.list(stream).next()).filter(({ name }) => name.startsWith(`downstream-${downstreamAccount}-`));
    if (found === undefined) throw new Error('consumer not found');
    return found;
  };
  const callBodies = async (): Promise<string[]> => {
    const consumer = await nats.bus.js.consumers.get(eventStreams.call, (await consumerOf(eventStreams.call)).name);
    const bodies: string[] = [];
    for await (const message of await consumer.fetch({ max_messages: 50, expires: 1_000 })) {
      bodies.push(message.string());
      await message.ackAck();
    }
    return bodies;
  };

  test('has a durable consumer on each stream that delivers what comes from now on, and goes with the subscription', async () => {
    const client = await service.client(downstreamAccount);
    await nats.bus.js.publish('evt.call.00.acme', 'before');
    const { consumerName, streams, subscription, webhookSecret } = await client.createSubscription(creation({ sink: natsSink }));
    expect({ consumerName, streams, webhookSecret }).toEqual({ consumerName: `downstream-acme-${subscription!.subscriptionId}`, streams: Object.values(eventStreams), webhookSecret: '' });
    for (const stream of streams) {
      expect((await consumerOf(stream)).config).toMatchObject({ ack_policy: AckPolicy.Explicit, filter_subject: expect.stringMatching(/^evt\.\w+\.\*\.acme$/) });
    }
    await nats.bus.js.publish('evt.call.00.acme', 'after');
    await nats.bus.js.publish('evt.call.00.other', 'not ours');
    expect(await callBodies()).toEqual(['after']);

    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId: subscription!.subscriptionId }));
    for (const stream of streams) await expect(consumerOf(stream)).rejects.toThrow('consumer not found');
  });

  test('is the only one of its account', async () => {
    const client = await service.client(downstreamAccount);
    await client.createSubscription(creation({ sink: natsSink }));
    await expect(client.createSubscription(creation({ sink: natsSink }))).rejects.toEqual(code('subscription.sink_exists'));
    await removeAll(downstreamAccount);
  });

  test('for one class has a consumer on its stream alone, and follows a change of the filter', async () => {
    const client = await service.client(downstreamAccount);
    const { streams, subscription } = await client.createSubscription(creation({ sink: natsSink, filter: EventFilter.fromPartial({ types: ['billing.*'] }) }));
    expect(streams).toEqual([eventStreams.billing]);
    await expect(consumerOf(eventStreams.call)).rejects.toThrow('consumer not found');
    const { subscriptionId } = subscription!;
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter: EventFilter.fromPartial({ types: ['call.*'] }), paused: false }));
    await expect(consumerOf(eventStreams.billing)).rejects.toThrow('consumer not found');
    expect(await consumerOf(eventStreams.call)).toBeDefined();
    await expect(client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: true }))).rejects.toEqual(code('subscription.invalid_sink'));
    await removeAll(downstreamAccount);
  });

  test('gets of a class that is included later what comes from then on, also when it is included again', async () => {
    const client = await service.client(downstreamAccount);
    const billing = EventFilter.fromPartial({ types: ['billing.*'] });
    const { subscriptionId } = (await client.createSubscription(creation({ sink: natsSink, filter: billing }))).subscription!;
    const { config: before } = await consumerOf(eventStreams.billing);
    for (const round of ['first', 'second']) {
      await nats.bus.js.publish('evt.call.00.acme', `before the ${round}`);
      await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: false }));
      await nats.bus.js.publish('evt.call.00.acme', `after the ${round}`);
      expect(await callBodies()).toEqual([`after the ${round}`]);
      expect((await consumerOf(eventStreams.billing)).config).toEqual(before);
      await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter: billing, paused: false }));
    }
    await removeAll(downstreamAccount);
  });

  test('a consumer that an interrupted change of the filter left is replaced by one that starts where it should', async () => {
    const client = await service.client(downstreamAccount);
    const { subscriptionId } = (await client.createSubscription(creation({ sink: natsSink }))).subscription!;
    const { config: left } = await consumerOf(eventStreams.call);
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, filter: EventFilter.fromPartial({ types: ['billing.*'] }), paused: false }));
    await nats.bus.jsm.consumers.add(eventStreams.call, left);
    await nats.bus.js.publish('evt.call.00.acme', 'while it was excluded');
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId, paused: false }));
    await nats.bus.js.publish('evt.call.00.acme', 'included');
    expect(await callBodies()).toEqual(['included']);
    await removeAll(downstreamAccount);
  });

  test('is rewound: its consumers deliver again from there, also when it is rewound to the same place again', async () => {
    const client = await service.client(downstreamAccount);
    const start = { position: { $case: 'lookback', value: { seconds: 3_600n } } } as const;
    const { subscriptionId } = (await client.createSubscription(creation({ sink: natsSink }))).subscription!;
    await nats.bus.js.publish('evt.call.00.acme', 'again');
    expect(await callBodies()).toEqual(['again']);
    for (const round of [1, 2]) {
      await client.rewindSubscription(RewindSubscriptionRequest.fromPartial({ subscriptionId, to: { $case: 'start', value: start } }));
      const bodies = await callBodies();
      expect(bodies.at(-1)).toBe('again');
      expect({ round, bodies: bodies.length }).toEqual({ round, bodies: (await nats.bus.jsm.streams.info(eventStreams.call, { subjects_filter: 'evt.call.*.acme' })).state.subjects!['evt.call.00.acme'] });
    }
    await client.updateSubscription(UpdateSubscriptionRequest.fromPartial({ subscriptionId }));
    expect(await callBodies()).toEqual([]);
    await removeAll(downstreamAccount);
  });

});
