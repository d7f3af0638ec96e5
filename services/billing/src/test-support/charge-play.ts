import { expect } from '@jest/globals';
import { decide, evolve } from '../domain/charge-decision.ts';
import { absorbCallInput, absorbOwnInput, authorizedCharge, openCharge, type CallInput, type OwnInput } from '../domain/charge-inputs.ts';
import type { BillingFact, Charge, OpenCharge, Party } from '../domain/charge.ts';
import type { PolicyTerms } from '../domain/policy-terms.ts';
import type { Segment } from '../domain/timeline.ts';

/** Of its media time: shortly before Monday 00:01, so that bands of the week change within a call. */
export const originMs = BigInt(Date.UTC(2023, 10, 13, 0, 0, 59, 700));
/** A wallet that covers anything. */
export const plenty: OwnInput = { type: 'grant_extended', grantedMs: 1_000_000n, availableMicros: 1_000_000_000_000n };

export function authorized(terms: PolicyTerms, grant: OwnInput = plenty): OpenCharge {
  const charge = authorizedCharge('CA0', 'acme', { walletId: 'acme/client:alice', payer: 'caller', policy: { policyId: 'p', version: 1, terms } });
  return openCharge(absorbOwnInput(charge, grant));
}

/** For tests: feeds a call one input after the other, as its owner would; asks for what is granted at each step. */
export class Play {
  charge: Charge;
  readonly facts: BillingFact[] = [];
  #next = { call: 1n, 'reaction/caller': 0n, 'reaction/callee': 0n };

  constructor(terms: PolicyTerms, grant?: OwnInput) {
    this.charge = authorized(terms, grant);
  }

  call(input: { type: 'call_progressed' } | { type: 'video_started'; party: Party } | { type: 'call_completed'; atMs?: bigint }): this {
    const sequence = this.#next.call++;
    if (input.type === 'video_started') return this.#take({ ...input, sequence, mediaOriginMs: originMs });
    return this.#take(input.type === 'call_completed' ? { ...input, sequence, atMs: originMs + (input.atMs ?? 0n) } : { ...input, sequence });
  }

  reaction(intervals: readonly Segment[], { party = 'caller', finalMs }: { party?: Party; finalMs?: bigint } = {}): this {
    const sequence = this.#next[`reaction/${party}`]++;
    return this.#take({ type: 'reaction_observed', sequence, party, intervals, observedThroughMs: intervals.at(-1)?.toMs ?? 0n, finalMs });
  }

  own(input: OwnInput): this {
    this.charge = absorbOwnInput(this.charge, input);
    return this.#decide();
  }

  /** Something that is done to the settled charge by hand. */
  correct(fact: Extract<BillingFact, { type: 'adjusted' }>): this {
    this.charge = evolve(this.charge, fact);
    this.facts.push(fact);
    return this.#decide();
  }

  #take(input: CallInput): this {
    this.charge = absorbCallInput(this.charge as OpenCharge, input);
    return this.#decide();
  }

  #decide(): this {
    const facts = decide(this.charge);
    this.charge = facts.reduce(evolve, this.charge);
    expect(decide(this.charge)).toEqual([]);
    this.facts.push(...facts);
    return this;
  }

  types(): string[] {
    return this.facts.map(({ type }) => type);
  }

  charged(): bigint {
    return this.facts.reduce((sum, fact) => (fact.type === 'charged' ? sum + fact.amountMicros : fact.type === 'adjusted' ? sum + fact.differenceMicros : sum), 0n);
  }

  settled(): Extract<BillingFact, { type: 'settled' }> {
    return this.facts.find((fact) => fact.type === 'settled')!;
  }
}
