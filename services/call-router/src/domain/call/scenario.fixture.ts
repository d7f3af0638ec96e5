import type { DialVerb, Verb } from '../twiml/verb.ts';
import type { CallCommand, PlaceCall } from './call-command.ts';
import type { CallEvent } from './call-event.ts';
import { absentCall, type CallState } from './call-state.ts';
import { decide, type Decision } from './decide.ts';
import type { ChargeAuthorization } from './policy.ts';

// Given / when / then for the rules of a call: commands at instants, events out.

export const rootId = 'CA00000000000000000000000000000000';

/** Ids of dialled legs, counted up. */
export function countingIds(): { newLegId(): string } {
  let next = 1;
  return { newLegId: () => `CA${String(next++).padStart(32, '0')}` };
}

export const childId = `CA${'1'.padStart(32, '0')}`;

export const inbound: PlaceCall = {
  kind: 'place_call',
  callId: rootId,
  accountId: 'acme',
  application: {
    applicationId: 'AP1',
    voiceUrl: 'https://app.example/voice?key=1',
    fallbackUrl: 'https://app.example/fallback',
    statusCallbackUrl: 'https://app.example/status',
  },
  direction: 'inbound',
  from: 'client:alice',
  to: '+15550100',
  requestId: 'r-1',
  consents: false,
  ringTimeoutMs: 30_000,
  authorization: { kind: 'free' },
};

const { requestId: _requestId, ...withoutRequest } = inbound;
export const outbound: PlaceCall = { ...withoutRequest, direction: 'outbound-api', from: '+15550100', to: 'client:alice' };

export const charge: ChargeAuthorization = {
  walletId: 'acme/client:alice',
  payer: 'caller',
  grantedUntilMs: 10_000,
  policy: {
    policyId: 'PO1',
    version: 1,
    terms: {
      currency: 'EUR',
      rateMicros: 600_000n,
      unitMs: 60_000,
      freePeriodMs: 0,
      faceAbsentMs: 1000,
      voiceAbsentMs: 1000,
      textAbsentMs: 1000,
      textHoldMs: 1000,
      maxGapMs: 500,
      livenessMs: 10_000,
      minFaceAreaRatio: 0.01,
      chargeRecoveredGrace: true,
      chargeLapsedGrace: false,
      rounding: 'half_even',
      roundingIncrementMicros: 1n,
      entryGridMs: 1000,
      grantMs: 10_000,
    },
  },
};

export const dialBob: DialVerb = { verb: 'Dial', target: 'client:bob', timeoutMs: 20_000, timeLimitMs: 60_000 };
export const sayHello: Verb = { verb: 'Say', text: 'hello', loop: 1 };

/** A call that is told things, one after the other. */
export class Scenario {
  state: CallState = absentCall;
  readonly events: CallEvent[] = [];
  last: Decision = { events: [], state: absentCall };
  nowMs = 1_000;
  readonly #ids = countingIds();

  /** `afterMs` later, this command. */
  when(command: CallCommand, afterMs = 0): this {
    this.nowMs += afterMs;
    this.last = decide(command, this.state, this.nowMs, this.#ids);
    this.state = this.last.state;
    this.events.push(...this.last.events);
    return this;
  }

  /** The application server's answer to what is being asked now. */
  fetched(...verbs: Verb[]): this {
    return this.when({ kind: 'instructions_received', turn: this.turn, verbs, durationMs: 5 });
  }

  spoken(): this {
    return this.when({ kind: 'speech_ended', turn: this.turn, code: '' });
  }

  get turn(): number {
    if (this.state.kind !== 'live') return -1;
    const { program } = this.state;
    if (program.kind === 'fetching') return program.turn;
    return program.kind === 'running' ? (program.step?.turn ?? -1) : -1;
  }

  /** Kinds of what the last command made happen; of a leg that is not the root: `kind*`. */
  get happened(): string[] {
    return this.last.events.map((event) => ('legId' in event && event.legId !== rootId ? `${event.kind}*` : event.kind));
  }

  find<K extends CallEvent['kind']>(kind: K): Extract<CallEvent, { kind: K }> {
    const found = this.last.events.find((event) => event.kind === kind);
    if (found === undefined) throw new Error(`no ${kind} among ${this.happened.join(', ')}`);
    return found as Extract<CallEvent, { kind: K }>;
  }
}
