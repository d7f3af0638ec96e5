import { eventStreams } from '@parley/bus';
import { SignatureScheme as SchemeMessage, type Sink as SinkMessage, type StartPosition, type Subscription as SubscriptionMessage } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import type { EventFilter } from '@parley/filters';
import { toMessage } from '../bus/convert.ts';
import { keysInForce, type SignatureScheme } from '../domain/signing-keys.ts';
import { natsClasses } from '../domain/sink.ts';
import { invalidStart, type Start } from '../domain/start.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { WantedSink } from '../usecases/create-subscription.ts';

/** As the API shows it: of its keys, those that sign now. */
export function toSubscription(subscription: Subscription, nowMs: number): SubscriptionMessage {
  const { sink } = subscription;
  if (sink.kind !== 'webhook') return toMessage(subscription);
  return toMessage({ ...subscription, sink: { ...sink, keys: keysInForce(sink.keys, nowMs) } });
}

/** @throws ParleyError `subscription.invalid_sink` */
export function fromSink(sink: SinkMessage | undefined): WantedSink {
  switch (sink?.kind?.$case) {
    case 'webhook':
      return { kind: 'webhook', url: sink.kind.value.url, scheme: fromScheme(sink.kind.value.signatureScheme) };
    case 'nats':
      return { kind: 'nats' };
    case undefined:
      throw invalidSink('sink', 'is missing', 'a sink is needed: webhook or nats');
  }
}

/** @throws ParleyError `subscription.invalid_start` */
export function fromStart(start: StartPosition | undefined): Start | undefined {
  switch (start?.position?.$case) {
    case 'lookback':
      return { kind: 'lookback', lookbackMs: fromDuration(start.position.value) };
    case 'beginningOfCall':
      if (!start.position.value) throw invalidStart('start.beginning_of_call', 'is false; without a start a subscription begins now');
      return { kind: 'beginning-of-call' };
    case undefined:
      return undefined;
  }
}

/** In milliseconds, rounded down. */
export function fromDuration({ seconds, nanos }: { readonly seconds: bigint; readonly nanos: number }): number {
  return Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
}

export function invalidSink(field: string, description: string, text = `${field} ${description}`): Error {
  return parleyError('subscription.invalid_sink', text, { details: { violations: [{ field, description }] } });
}

function fromScheme(scheme: SchemeMessage): SignatureScheme {
  switch (scheme) {
    case SchemeMessage.UNSPECIFIED:
    case SchemeMessage.HMAC_SHA256:
      return 'hmac-sha256';
    case SchemeMessage.ED25519:
      return 'ed25519';
    default:
      throw invalidSink('sink.webhook.signature_scheme', 'is not one of the contract');
  }
}

/** The streams on which a NATS sink with this filter has a consumer. */
export function streamsOf(filter: EventFilter): string[] {
  return natsClasses(filter).map((eventClass) => eventStreams[eventClass]);
}
