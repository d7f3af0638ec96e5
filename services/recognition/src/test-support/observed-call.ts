import { randomUUID } from 'node:crypto';
import { createPublisher, encodeEvent, messageIdHeader, newEvent, type Bus } from '@parley/bus';
import { CallEvent, Party as PartyProto } from '@parley/contracts';
import type { TestKeys } from '@parley/testing';
import type { RecognitionTerms } from '../domain/judgement.ts';
import type { Party } from '../domain/observation.ts';

export const TERMS: RecognitionTerms = { minFaceAreaRatio: 0.015, livenessMs: 0, faceAbsentMs: 2000, voiceAbsentMs: 2000, textAbsentMs: 2000, textHoldMs: 3000, maxGapMs: 1500 };

type EventCase = NonNullable<CallEvent['event']>;

/**
 * For tests: one call with video, as the call router tells of it and grants observation of it. Video started a minute ago,
 * so that whatever is sent at once lies in the past.
 */
export class ObservedCall {
  readonly accountId: string = 'acme';
  readonly callId = `CA${randomUUID().replaceAll('-', '')}`;
  readonly call = { from: 'client:alice', to: 'client:bob', direction: 'inbound' as const };
  readonly originMs = Date.now() - 60_000;
  readonly traceparent = `00-${randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-01`;
  readonly #bus: Bus;
  readonly #keys: TestKeys;
  #sequence = 0n;

  constructor(bus: Bus, keys: TestKeys) {
    this.#bus = bus;
    this.#keys = keys;
  }

  token(party: Party = 'caller', claims: Record<string, unknown> = {}, accountId = this.accountId): Promise<string> {
    return this.#keys.token({
      accountId,
      subject: 'client:alice',
      scope: 'observe',
      callId: this.callId,
      claims: {
        party,
        leg: this.legOf(party),
        mediaOriginMs: this.originMs,
        attributes: this.call,
        policy: { id: 'standard', version: 3, terms: TERMS },
        ...claims,
      },
    });
  }

  legOf(party: Party): string {
    return party === 'caller' ? this.callId : `CA${this.callId.slice(2).split('').reverse().join('')}`;
  }

  videoStarted(party: Party, counterpartConsents?: boolean, atMs = 0): Promise<void> {
    const value = { party: party === 'caller' ? PartyProto.CALLER : PartyProto.CALLEE, mediaOriginTime: new Date(this.originMs), counterpartConsents };
    return this.publish({ $case: 'videoStarted', value }, { legId: this.legOf(party), atMs });
  }

  /** The end of the whole call at a media time. */
  completed(atMs: number): Promise<void> {
    return this.publish({ $case: 'completed', value: { status: 5, cause: 1, durationMs: 0n, final: true } }, { legId: this.callId, atMs });
  }

  /** Publishes the call's next event, or the one of a sequence; repeated: as if the stream's window for repeats were over. */
  async publish(event: EventCase, options: { legId?: string; atMs?: number; sequence?: bigint; repeated?: boolean } = {}): Promise<void> {
    const { legId = this.callId, atMs = 0, sequence = this.#sequence++, repeated = false } = options;
    const { accountId, callId, call, traceparent } = this;
    const time = new Date(this.originMs + atMs);
    const data = { class: 'call' as const, value: CallEvent.fromPartial({ legId, event }) };
    const message = encodeEvent(newEvent({ accountId, callId, time, sequence, call, traceparent, data }));
    const headers = repeated ? { ...message.headers, [messageIdHeader]: randomUUID() } : message.headers;
    await createPublisher(this.#bus).publish({ ...message, headers });
  }
}
