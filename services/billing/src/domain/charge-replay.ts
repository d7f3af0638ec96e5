import { isParleyError } from '@parley/errors';
import { adjustedFact } from './charge-correction.ts';
import { decide, decideAt, decidedMs, evolve, heldSteps, withCorrection } from './charge-decision.ts';
import { absorbCallInput, absorbOwnInput, arrival, sourceOf, type CallInput, type LiveCharge } from './charge-inputs.ts';
import type { BillingFact, OpenCharge, SettledFact, SourceName } from './charge.ts';
import type { Correction } from './correction.ts';
import type { ReplayCause, Told } from './told.ts';

/** An event of the call or of a reaction, as far as charging goes. */
export interface ReplayInput {
  readonly cause: ReplayCause;
  readonly input: CallInput;
}

/** A billing event that follows. */
export interface ReplayedFact {
  readonly sequence: bigint;
  readonly fact: BillingFact;
  readonly cause: ReplayCause;
}

/** More than any call lasts or costs. */
const plenty = 2n ** 62n;

/**
 * Recomputes a call's charge from its events, with the functions that charge calls. Events of different sources have no order
 * of their own; what was published says by its causes in which one they were applied, as far as it made a difference.
 */
export class ChargeReplay {
  #charge: LiveCharge;
  readonly #facts: ReplayedFact[] = [];
  readonly #left: Map<SourceName, ReplayInput[]>;
  readonly #inputs: ReadonlyMap<string, ReplayInput>;
  readonly #corrections: Correction[];

  /**
   * @param inputs of each source in sequence, without the one that opened the charge.
   * @param corrections that were made by hand, in order: what was published tells of them, but not why and by whom.
   */
  constructor(opened: OpenCharge, inputs: readonly ReplayInput[], corrections: readonly Correction[] = []) {
    this.#corrections = [...corrections];
    this.#charge = opened;
    this.#left = Map.groupBy(inputs, ({ input }) => sourceOf(input));
    this.#inputs = new Map(inputs.map((input) => [input.cause.id, input]));
  }

  /** As far as the events were applied. */
  get charge(): LiveCharge {
    return this.#charge;
  }

  /** All that follows so far, in sequence. */
  get facts(): readonly ReplayedFact[] {
    return this.#facts;
  }

  /** Applies what something that was published followed from; what the wallet said to it is taken from there. */
  tell(told: Told): void {
    if (told.byHand !== undefined) {
      this.#correct(told.cause, told.byHand);
      return;
    }
    this.#charge = this.absorb(told);
    this.#conclude(told.cause);
  }

  /** The charge before it is decided what follows from a cause, with the answers that were told. */
  absorb(told: Told): LiveCharge {
    const known = this.#inputs.get(told.cause.id);
    const source = known && sourceOf(known.input);
    const isOverdue = this.#isOverdue(told, known);
    // The settlement waited for all that it says it applied; what is charged of it before it is told, for all that is there.
    if (isOverdue || this.#isDue(told)) for (const [each, sequence] of this.#endsOf(told)) if (isOverdue || each !== source) this.#applyThrough(each, sequence);
    if (isOverdue) {
      const type = this.#charge.observed.completedMs === undefined ? 'call_overdue' : 'recognition_overdue';
      return answered(absorbOwnInput(this.#charge, { type }), told);
    }
    if (source !== this.#payersSource()) this.#applyPayersUntil((charge) => isEnoughFor(told, charge));
    // Without an event it follows from an answer of the wallet alone: the grant was extended, or could not be.
    if (known === undefined || source === undefined) return answered(this.#charge, told);
    this.#applyThrough(source, known.input.sequence - 1n);
    const next = this.#take(source, known.input.sequence);
    if (next !== undefined) this.#awaitOrigin(next.input);
    return answered(next === undefined ? this.#charge : absorbCallInput(this.#charge, next.input), told);
  }

  /** Goes on from a charge that something was decided of elsewhere. */
  resume(charge: LiveCharge): void {
    this.#charge = charge;
  }

  /** Applies the rest, of which nothing was published. */
  applyRest(): void {
    for (const source of this.#left.keys()) this.#applyThrough(source, plenty);
    for (const untold of this.#corrections.splice(0)) this.#note(untold);
  }

  /** Applies the rest as far as nothing follows from it and the wallet need not be asked. */
  applySilent(): void {
    for (const left of this.#left.values()) {
      for (let next = left[0]; next !== undefined; next = left[0]) {
        const charge = silently(this.#charge, next.input);
        if (charge === undefined) break;
        this.#charge = charge;
        left.shift();
      }
    }
  }

  /** Cells that are not whole are charged with the settlement only. */
  #isDue({ settled, chargedThroughMs = 0n }: Told): boolean {
    return settled !== undefined || chargedThroughMs % this.#charge.terms.policy.terms.entryGridMs !== 0n;
  }

  /** What did not come is stamped with its deadline, and names what came last. */
  #isOverdue(told: Told, known: ReplayInput | undefined): boolean {
    if (told.settled !== undefined) return told.settled.reason !== 'completed';
    return known === undefined ? this.#isDue(told) : known.cause.atMs !== told.cause.atMs;
  }

  #endsOf({ settled }: Told): readonly (readonly [SourceName, bigint])[] {
    return settled === undefined ? [...this.#left.keys()].map((source) => [source, plenty] as const) : appliedOf(settled);
  }

  #payersSource(): SourceName {
    return `reaction/${this.#charge.terms.payer}`;
  }

  /** Of what the payer's reaction said nothing may have been published while the wallet refused it. */
  #applyPayersUntil(isEnough: (charge: LiveCharge) => boolean): void {
    const left = this.#left.get(this.#payersSource()) ?? [];
    while (left[0] !== undefined && !isEnough(this.#charge)) this.#applyThrough(this.#payersSource(), left[0].input.sequence);
  }

  #applyThrough(source: SourceName, sequence: bigint): void {
    for (let next = this.#take(source, sequence); next !== undefined; next = this.#take(source, sequence)) {
      this.#awaitOrigin(next.input);
      this.#charge = answered(absorbCallInput(this.#charge, next.input));
      this.#conclude(next.cause);
    }
  }

  /** Where the price depends on the hour, a reaction waits for what says when media time began. */
  #awaitOrigin(input: CallInput): void {
    const left = this.#left.get('call') ?? [];
    while (left[0] !== undefined && arrival(this.#charge, input) === 'early') this.#applyThrough('call', left[0].input.sequence);
  }

  /** Corrections without an event, since they changed nothing, came before it. What no correction is known of does not follow. */
  #correct(cause: ReplayCause, { reason, differenceMicros }: NonNullable<Told['byHand']>): void {
    const at = this.#corrections.findIndex((correction) => correction.reason === reason && correction.differenceMicros === differenceMicros);
    const passed = this.#corrections.splice(0, at + 1);
    const correction = passed.pop();
    for (const untold of passed) this.#note(untold);
    if (correction !== undefined && this.#charge.status === 'settled') this.#publish(adjustedFact(this.#charge, correction), cause);
  }

  #note(correction: Correction): void {
    if (this.#charge.status === 'settled') this.#charge = withCorrection(this.#charge, adjustedFact(this.#charge, correction));
  }

  #take(source: SourceName, through: bigint): ReplayInput | undefined {
    const left = this.#left.get(source);
    return left?.[0] !== undefined && left[0].input.sequence <= through ? left.shift() : undefined;
  }

  #conclude(cause: ReplayCause): void {
    for (const fact of decideAt(this.#charge, cause.atMs)) this.#publish(fact, cause);
  }

  #publish(fact: BillingFact, cause: ReplayCause): void {
    this.#facts.push({ sequence: this.#charge.published.nextSequence, fact, cause });
    const next = evolve(this.#charge, fact);
    if ('published' in next) this.#charge = next;
  }
}

/** @returns undefined if something follows, or the event cannot be applied. */
function silently(charge: LiveCharge, input: CallInput): LiveCharge | undefined {
  try {
    const after = absorbCallInput(charge, input);
    return heldSteps(after).length > 0 || decide(after).length > 0 ? undefined : after;
  } catch (error) {
    if (isParleyError(error, 'bus.malformed_event')) return undefined;
    throw error;
  }
}

function appliedOf({ applied }: Pick<SettledFact, 'applied'>): [SourceName, bigint][] {
  return Object.entries(applied) as [SourceName, bigint][];
}

/** Whether what was charged can follow from what is known. */
function isEnoughFor({ chargedThroughMs = 0n, isAdjusted }: Told, charge: LiveCharge): boolean {
  return decidedMs(charge) >= chargedThroughMs && (!isAdjusted || charge.observed.finalMs !== undefined);
}

/** The charge with what the wallet said: it covered what was charged and, where more was due, refused the rest. */
function answered(charge: LiveCharge, told?: Told): LiveCharge {
  const { availableMicros } = charge.grant;
  if (told?.exhaustedMs !== undefined) return absorbOwnInput(withNews(charge), { type: 'grant_refused', grantedMs: told.exhaustedMs, availableMicros });
  const grantedMs = coveredThroughMs(told);
  if (told?.availableMicros !== undefined) return absorbOwnInput(withNews(charge), { type: 'grant_extended', grantedMs, availableMicros: told.availableMicros });
  if (heldSteps(charge).length === 0) return charge;
  const after = absorbOwnInput(charge, { type: 'grant_extended', grantedMs, availableMicros: plenty });
  if (heldSteps(after).length > 0) return absorbOwnInput(charge, { type: 'grant_refused', grantedMs, availableMicros });
  // Whether it covered all that was due by then, and not only what is known here, shows when the next refusal is news.
  return { ...after, published: charge.published };
}

/** The wallet covered a grant in between: nothing tells of that but what follows, that its refusal is news again. */
function withNews(charge: LiveCharge): LiveCharge {
  return { ...charge, published: { ...charge.published, announcedFunds: 'ok' } };
}

function coveredThroughMs(told: Told | undefined): bigint {
  if (told === undefined) return 0n;
  if (told.isAdjusted) return plenty;
  if (told.settled !== undefined) return told.settled.limitMs ?? plenty;
  return told.chargedThroughMs ?? 0n;
}
