import { randomUUID } from 'node:crypto';
import { parleyError } from '@parley/errors';
import { apply, hasEnded, newObservation, type Change, type Observation } from '../domain/observation.ts';
import { samplingPeriodMs } from '../domain/sampling.ts';
import { acknowledgedThroughMs, type Command, type Session, type Tally } from '../domain/session.ts';
import type { Stage } from '../domain/cascade.ts';
import type { Taken } from './intake.ts';
import type { ObservationGrant } from './observation-message.ts';
import type { ObservationStore } from './observation-store.ts';

export interface ObservedSideOptions {
  readonly store: ObservationStore;
  readonly progressMs: number;
  /** UTC. */
  readonly nowMs: () => number;
}

/** How far the observations are stored, for the device. */
export interface Standing extends Tally {
  /** -1 at first. */
  readonly acknowledgedThroughMs: number;
  readonly stage: Stage;
  readonly samplingPeriodMs: number;
}

/** One side of a call as the stream that observes it now sees it. Only the newest stream may change it. */
export class ObservedSide {
  readonly #grant: ObservationGrant;
  readonly #options: ObservedSideOptions;
  readonly #streamId: string;
  #observation: Observation;

  private constructor(grant: ObservationGrant, options: ObservedSideOptions, streamId: string, observation: Observation) {
    this.#grant = grant;
    this.#options = options;
    this.#streamId = streamId;
    this.#observation = observation;
  }

  /**
   * Takes the side over from whatever stream had it, unless it has ended: then there is nothing to change any more.
   * @throws ParleyError auth.wrong_call, observation.not_consented, store.*
   */
  static async open(grant: ObservationGrant, options: ObservedSideOptions): Promise<ObservedSide> {
    const streamId = randomUUID();
    const observation = await options.store.change(grant, (found = newObservation(grant)) => {
      if (found.accountId !== grant.accountId) throw parleyError('auth.wrong_call', 'the token is for a call of another account');
      return hasEnded(found) ? undefined : takeOver(found, grant, streamId);
    });
    return new ObservedSide(grant, options, streamId, observation ?? newObservation(grant));
  }

  get session(): Session {
    return this.#observation.session;
  }

  get hasEnded(): boolean {
    return hasEnded(this.#observation);
  }

  standing(): Standing {
    const { session } = this;
    const stage = session.progress.phase === 'observing' ? session.progress.cascade.stage : 'absent';
    return {
      acknowledgedThroughMs: acknowledgedThroughMs(session),
      stage: session.progress.phase === 'waiting' ? 'face' : stage,
      samplingPeriodMs: samplingPeriodMs(session),
      ...session.tally,
    };
  }

  /**
   * Stores what became of messages, in their order, and publishes what follows from it.
   * @throws ParleyError observation.replaced once a newer stream took over, observation.not_consented once another is seen, who
   * has not, store.*
   */
  async store(taken: readonly Taken[]): Promise<void> {
    const commands = commandsOf(taken, this.#grant, this.#options.progressMs);
    const changed = await this.#options.store.change(this.#grant, (found) => this.#decide(commands, found));
    if (changed) this.#observation = changed;
  }

  #decide(commands: readonly Command[], found: Observation | undefined): Change | undefined {
    if (!found || hasEnded(found)) return undefined;
    if (found.streamId !== this.#streamId) throw parleyError('observation.replaced', 'a newer stream observes the same side of the call');
    if (commands.length === 0) return undefined;
    requireConsent(found.session.consents);
    return apply(commands, { ...found, activeAtMs: this.#options.nowMs() });
  }
}

/** The terms are pinned by the first stream. Of a video that began since, the grant may tell sooner than the call's events. */
function takeOver(found: Observation, grant: ObservationGrant, streamId: string): Change {
  const { startedAtMs: atMs, consent: consents, legId, policy } = grant;
  const traceparent = found.traceparent === '' ? grant.traceparent : found.traceparent;
  const isNews = atMs > found.session.startedAtMs;
  const change = apply(isNews ? [{ type: 'start_video', atMs, consents }] : [], { ...found, streamId, legId, policy: found.policy ?? policy, traceparent });
  requireConsent(change.observation.session.consents);
  return change;
}

/**
 * Nothing of who has not consented is kept, not even as a finding.
 * @param consents undefined before any video
 * @throws ParleyError observation.not_consented
 */
export function requireConsent(consents: boolean | undefined): void {
  if (consents === false) throw parleyError('observation.not_consented', 'the counterpart has not consented to being observed');
}

function commandsOf(taken: readonly Taken[], { policy }: ObservationGrant, progressMs: number): Command[] {
  const commands: Command[] = [];
  for (const one of taken) {
    const last = commands.at(-1);
    if (one.type === 'finished') commands.push({ type: 'finish', claimedMs: one.claimedMs, atMs: one.atMs });
    else if (one.type === 'refused') continue;
    else if (last?.type === 'observe') commands[commands.length - 1] = { ...last, outcomes: [...last.outcomes, one.outcome] };
    else commands.push({ type: 'observe', outcomes: [one.outcome], terms: policy.terms, progressMs });
  }
  return commands;
}
