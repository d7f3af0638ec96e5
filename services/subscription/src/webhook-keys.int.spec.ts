import { createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { subscriptionSubject } from '@parley/bus';
import { DeleteSubscriptionRequest, RotateWebhookKeyRequest, SignatureScheme, Sink, type SubscriptionChanged, type WebhookKey } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { code, creation, lastAnnounced, natsSink, newAccount, textOf, webhookUrl } from './test-support/requests.ts';
import { startedService, type SubscriptionClient } from './test-support/started-service.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedService({ nats, database, keys });

const asymmetric = Sink.fromPartial({ kind: { $case: 'webhook', value: { url: webhookUrl, signatureScheme: SignatureScheme.ED25519 } } });
const hourMs = 3_600_000;

const announced = async (accountId: string, subscriptionId: string): Promise<SubscriptionChanged> =>
  (await lastAnnounced(nats.bus, subscriptionSubject(accountId, subscriptionId)))!;

const rotation = (subscriptionId: string, overlapSeconds?: number) =>
  RotateWebhookKeyRequest.fromPartial({ subscriptionId, requestId: randomUUID(), ...(overlapSeconds === undefined ? {} : { overlap: { seconds: BigInt(overlapSeconds) } }) });

/** DER of an ed25519 key is these bytes and the key. */
const privateKeyOf = (seed: Buffer) => createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
const publicKeyOf = (bytes: Buffer) => createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes]), format: 'der', type: 'spki' });

async function keysShown(client: SubscriptionClient, subscriptionId: string): Promise<WebhookKey[]> {
  return (await client.getSubscription({ subscriptionId })).subscription!.webhookKeys;
}

describe('a shared secret', () => {
  test('is rotated: the new one signs first, and the old one beside it for a day', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscription: before, webhookSecret: oldSecret } = await client.createSubscription(creation());
    const { subscriptionId } = before!;
    const { subscription, webhookSecret } = await client.rotateWebhookKey(rotation(subscriptionId));

    expect(webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhookSecret).not.toBe(oldSecret);
    const [newKey, oldKey, ...rest] = subscription!.webhookKeys;
    expect(rest).toEqual([]);
    expect(newKey).toMatchObject({ publicKey: '', expireTime: undefined });
    expect(oldKey!.keyId).toBe(before!.webhookKeys[0]!.keyId);
    expect(oldKey!.expireTime!.getTime() - newKey!.createTime!.getTime()).toBe(24 * hourMs);
    expect(await announced(accountId, subscriptionId)).toMatchObject({
      subscription,
      webhookSecret,
      webhookSigningKeys: [
        { keyId: newKey!.keyId, secret: webhookSecret, expireTime: undefined },
        { keyId: oldKey!.keyId, secret: oldSecret, expireTime: oldKey!.expireTime },
      ],
      revision: 2n,
    });
  });

  test('without overlap is replaced at once', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    await client.rotateWebhookKey(rotation(subscriptionId));
    const { webhookSecret } = await client.rotateWebhookKey(rotation(subscriptionId, 0));
    expect(await keysShown(client, subscriptionId)).toHaveLength(1);
    expect((await announced(accountId, subscriptionId)).webhookSigningKeys).toEqual([expect.objectContaining({ secret: webhookSecret, expireTime: undefined })]);
  });

  test('is shown as long as it signs', async () => {
    const client = await service.client(newAccount());
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    const { subscription } = await client.rotateWebhookKey(rotation(subscriptionId, 1));
    expect(subscription!.webhookKeys).toHaveLength(2);
    await eventually(async () => expect(await keysShown(client, subscriptionId)).toEqual([subscription!.webhookKeys[0]]));
  });

  test('is given in the answer to the request that made it, to each run of it, and nowhere else', async () => {
    const client = await service.client(newAccount());
    const create = creation();
    const { subscription, webhookSecret: first } = await client.createSubscription(create);
    const request = rotation(subscription!.subscriptionId);
    const answers = await Promise.all([client.rotateWebhookKey(request), client.rotateWebhookKey(request)]);
    expect(new Set(answers.map(({ webhookSecret }) => webhookSecret)).size).toBe(1);
    expect(await keysShown(client, subscription!.subscriptionId)).toHaveLength(2);
    expect((await client.createSubscription(create)).webhookSecret).toBe(first);
    const shown = [await client.getSubscription({ subscriptionId: subscription!.subscriptionId }), await client.listSubscriptions({ pageSize: 0, pageToken: '' }), answers[0]?.subscription];
    expect(textOf(shown)).not.toContain('whsec_');
  });
});

describe('an ed25519 key', () => {
  test('is a pair of which the receiver is shown the public one, and only the event-router told the private one', async () => {
    const accountId = newAccount();
    const client = await service.client(accountId);
    const request = creation({ sink: asymmetric });
    const response = await client.createSubscription(request);
    const { subscriptionId, webhookKeys, sink } = response.subscription!;
    expect(sink).toEqual(asymmetric);
    expect(response.webhookSecret).toBe('');
    const [{ publicKey }] = webhookKeys as [WebhookKey];
    const { webhookSecret, webhookSigningKeys } = await announced(accountId, subscriptionId);
    expect(webhookSecret).toBe('');

    const [, secret] = /^whsk_([A-Za-z0-9+/]{86}==)$/.exec(webhookSigningKeys[0]!.secret)!;
    const bytes = Buffer.from(secret!, 'base64');
    expect(publicKey).toBe(`whpk_${bytes.subarray(32).toString('base64')}`);
    const content = Buffer.from('msg_1.1700000000.{}');
    const signature = sign(null, content, privateKeyOf(bytes.subarray(0, 32)));
    expect(verify(null, content, publicKeyOf(bytes.subarray(32)), signature)).toBe(true);

    const rotated = await client.rotateWebhookKey(rotation(subscriptionId));
    expect(rotated.webhookSecret).toBe('');
    expect(rotated.subscription!.webhookKeys.map((key) => key.publicKey)).toEqual([expect.stringMatching(/^whpk_/), publicKey]);
    const all = [response, rotated, await client.createSubscription(request), await client.listSubscriptions({ pageSize: 0, pageToken: '' })];
    expect(textOf(all)).not.toContain('whsk_');
  });
});

describe('a rotation is refused', () => {
  test('beyond five keys that sign, and goes on without overlap', async () => {
    const client = await service.client(newAccount());
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    for (let count = 1; count < 5; count += 1) await client.rotateWebhookKey(rotation(subscriptionId));
    await expect(client.rotateWebhookKey(rotation(subscriptionId))).rejects.toEqual(code('webhook.key_limit'));
    await expect(client.rotateWebhookKey(rotation(subscriptionId, 0))).resolves.toBeDefined();
  });

  test('with an overlap that is negative or too long, without a request id, or with another body under it', async () => {
    const client = await service.client(newAccount());
    const { subscriptionId } = (await client.createSubscription(creation())).subscription!;
    for (const seconds of [-1, 7 * 24 * 3_600 + 1]) await expect(client.rotateWebhookKey(rotation(subscriptionId, seconds))).rejects.toEqual(code('request.invalid_argument'));
    const request = rotation(subscriptionId, 60);
    await expect(client.rotateWebhookKey({ ...request, requestId: '' })).rejects.toEqual(code('request.invalid_argument'));
    await client.rotateWebhookKey(request);
    await expect(client.rotateWebhookKey({ ...request, overlap: { seconds: 61n, nanos: 0 } })).rejects.toEqual(code('request.idempotency_conflict'));
  });

  test('for a NATS sink, and for a subscription of another account', async () => {
    const client = await service.client('acme');
    const { subscriptionId } = (await client.createSubscription(creation({ sink: natsSink }))).subscription!;
    await expect(client.rotateWebhookKey(rotation(subscriptionId))).rejects.toEqual(code('subscription.invalid_sink'));
    await client.deleteSubscription(DeleteSubscriptionRequest.fromPartial({ subscriptionId }));
    const webhook = (await client.createSubscription(creation())).subscription!;
    await expect((await service.client(newAccount())).rotateWebhookKey(rotation(webhook.subscriptionId))).rejects.toEqual(code('not_found.subscription'));
  });

  test('for a scheme that is none', async () => {
    const client = await service.client(newAccount());
    const sink = Sink.fromPartial({ kind: { $case: 'webhook', value: { url: webhookUrl } } });
    (sink.kind!.value as { signatureScheme: number }).signatureScheme = 9;
    await expect(client.createSubscription(creation({ sink }))).rejects.toEqual(code('subscription.invalid_sink'));
  });
});
