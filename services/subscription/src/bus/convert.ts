import {
  AccountSettings as SettingsMessage,
  type ClassRetention,
  SignatureScheme as SchemeMessage,
  Subscription as SubscriptionMessage,
  SubscriptionChanged,
  type Sink as SinkMessage,
} from '@parley/contracts';
import { toEventFilterMessage } from '@parley/filters';
import { eventClasses } from '../domain/event-class.ts';
import type { AccountSettings, Retention } from '../domain/settings.ts';
import type { SignatureScheme, SigningKey } from '../domain/signing-keys.ts';
import type { Sink } from '../domain/sink.ts';
import { etagOf, type Subscription } from '../domain/subscription.ts';

export const schemeMessages: Readonly<Record<SignatureScheme, SchemeMessage>> = {
  'hmac-sha256': SchemeMessage.HMAC_SHA256,
  ed25519: SchemeMessage.ED25519,
};

/** As other services and the API see it: without its secrets and its request. */
export function toMessage(subscription: Subscription): SubscriptionMessage {
  const { subscriptionId, filter, sink, paused, startsAfter, createTimeMs, updateTimeMs } = subscription;
  return SubscriptionMessage.fromPartial({
    subscriptionId,
    filter: toEventFilterMessage(filter),
    sink: toSinkMessage(sink),
    paused,
    startsAfter: Object.entries(startsAfter).map(([stream, sequence]) => ({ stream, sequence: BigInt(sequence) })),
    etag: etagOf(subscription),
    createTime: new Date(createTimeMs),
    updateTime: new Date(updateTimeMs),
    webhookKeys: keysOf(sink).map(({ keyId, publicKey, createTimeMs, expireTimeMs }) => ({
      keyId,
      publicKey,
      createTime: new Date(createTimeMs),
      expireTime: instant(expireTimeMs),
    })),
  });
}

/** What every event-router replica learns. A deleted one needs no more than its name. */
export function toChange(accountId: string, changed: Subscription, deleted: boolean): SubscriptionChanged {
  const { subscriptionId, revision, rewind, sink } = changed;
  if (deleted) {
    const subscription = SubscriptionMessage.fromPartial({ subscriptionId });
    return SubscriptionChanged.fromPartial({ accountId, subscription, deleted, revision: BigInt(revision) });
  }
  return SubscriptionChanged.fromPartial({
    accountId,
    subscription: toMessage(changed),
    deleted,
    webhookSecret: sharedSecretOf(sink),
    revision: BigInt(revision),
    webhookSigningKeys: keysOf(sink).map(({ keyId, secret, expireTimeMs }) => ({ keyId, secret, expireTime: instant(expireTimeMs) })),
    rewind: BigInt(rewind),
  });
}

/** The same for what holds for all of an account's subscribers. */
export function toSettingsChange(accountId: string, { verificationKeys, revokedTokens, retentionMs }: AccountSettings, revision: number): SubscriptionChanged {
  const settings = SettingsMessage.fromPartial({
    verificationSecrets: verificationKeys.map(({ keyId, secret }) => ({ keyId, secret: Buffer.from(secret, 'base64url') })),
    revokedTokens: revokedTokens.map(({ tokenId, expireTimeMs }) => ({ tokenId, expireTime: new Date(expireTimeMs) })),
    retentions: toRetentions(retentionMs),
  });
  return SubscriptionChanged.fromPartial({ accountId, revision: BigInt(revision), settings });
}

/** One of each class. */
export function toRetentions(retentionMs: Retention): ClassRetention[] {
  return eventClasses.map((eventClass) => ({ eventClass, retention: toDuration(retentionMs[eventClass]) }));
}

/** The newest secret that is shared with the receiver; empty where there is none. */
export function sharedSecretOf(sink: Sink): string {
  return sink.kind === 'webhook' && sink.scheme === 'hmac-sha256' ? sink.keys[0]!.secret : '';
}

function toSinkMessage(sink: Sink): SinkMessage {
  if (sink.kind === 'nats') return { kind: { $case: 'nats', value: {} } };
  return { kind: { $case: 'webhook', value: { url: sink.url, signatureScheme: schemeMessages[sink.scheme] } } };
}

function keysOf(sink: Sink): readonly SigningKey[] {
  return sink.kind === 'webhook' ? sink.keys : [];
}

function instant(timeMs: number | undefined): Date | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs);
}

function toDuration(durationMs: number): NonNullable<ClassRetention['retention']> {
  return { seconds: BigInt(Math.floor(durationMs / 1_000)), nanos: (durationMs % 1_000) * 1_000_000 };
}
