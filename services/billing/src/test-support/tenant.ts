import { randomUUID } from 'node:crypto';
import { createPublisher, type StreamedEvent } from '@parley/bus';
import type { ReactionInterval, Receipt } from '@parley/contracts';
import type { TestBus, TestDatabase } from '@parley/testing';
import { createBilling, type Billing } from '../billing.ts';
import { toChargeAuthorization } from '../bus/convert.ts';
import { toConsumedEvent } from '../bus/consumed-event.ts';
import type { PolicyTerms } from '../domain/policy-terms.ts';
import type { LedgerEntry, Wallet } from '../domain/wallet.ts';
import { toReceipt } from '../grpc/convert.ts';
import type { ReRateCommand } from '../usecases/re-rate-charge.ts';
import { deadlineOf } from '../usecases/deadlines.ts';
import { alice, bob, CallScript, newCallId, originMs, streamed } from './call-script.ts';
import { sampleTerms } from './sample-terms.ts';
import { billingEvents } from './stream-reader.ts';

const atMs = BigInt(originMs);
const cause = { id: 'request', atMs, traceparent: '' };
export const timeouts = { recognitionMs: 30_000n, authorizationMs: 120_000n, silenceMs: 3_600_000n };

/** What became of a call. */
export interface PlayedCall {
  readonly callId: string;
  readonly script: CallScript;
  readonly receipt: Receipt;
  readonly told: readonly StreamedEvent[];
  readonly wallet: Wallet;
  /** Of the call. */
  readonly entries: readonly LedgerEntry[];
  /** What they add up to. */
  readonly charged: bigint;
}

/** Of the spec. */
export interface Stores {
  readonly nats: Pick<TestBus, 'bus'>;
  readonly database: Pick<TestDatabase, 'db'>;
}

/** For tests: one more process of billing on the spec's broker and database. */
export function replica({ nats, database }: Stores): Billing {
  return createBilling({ db: database.db, publisher: createPublisher(nats.bus), timeouts });
}

/** For tests: an account with a policy (10 micro-units a millisecond, grants of ten seconds) and a wallet. */
export class Tenant {
  readonly accountId = `account-${randomUUID().slice(0, 12)}`;
  readonly walletId = `${this.accountId}/${alice}`;
  readonly stores: Stores;
  readonly billing: Billing;
  policyId = '';

  private constructor(stores: Stores) {
    this.stores = stores;
    this.billing = replica(stores);
  }

  static async with(stores: Stores, balanceMicros: bigint, terms: Partial<PolicyTerms> = {}): Promise<Tenant> {
    const tenant = new Tenant(stores);
    const { accountId, billing } = tenant;
    const { policyId } = await billing.createPolicy({ accountId, requestId: 'policy', policyId: '', terms: tenantTerms(terms), atMs });
    tenant.policyId = policyId;
    await billing.setDefaultPolicy({ accountId, policyId, atMs });
    if (balanceMicros > 0n) await tenant.topUp('first', balanceMicros);
    return tenant;
  }

  /** The next version of its policy. */
  async newVersion(terms: Partial<PolicyTerms>): Promise<number> {
    const { accountId, billing, policyId } = this;
    return (await billing.createPolicy({ accountId, requestId: randomUUID(), policyId, terms: tenantTerms(terms), atMs })).version;
  }

  topUp(requestId: string, micros: bigint, billing = this.billing) {
    return billing.topUpWallet({ accountId: this.accountId, requestId, address: alice, amount: { currency: 'EUR', micros }, atMs });
  }

  setCreditLimit(micros: bigint) {
    return this.billing.setCreditLimit({ accountId: this.accountId, requestId: 'limit', address: alice, limit: { currency: 'EUR', micros }, actor: 'ops', atMs });
  }

  authorize(callId = newCallId(), billing = this.billing) {
    return billing.authorizeCharge({ accountId: this.accountId, callId, from: alice, to: bob, policyId: '', cause });
  }

  extend(callId: string) {
    return this.billing.extendGrant({ accountId: this.accountId, callId, cause });
  }

  async wallet(): Promise<Wallet> {
    return (await this.billing.wallets.find(this.walletId))!;
  }

  async apply(...events: readonly Parameters<typeof streamed>[0][]): Promise<void> {
    for (const event of events) await this.billing.applyCallEvents([toConsumedEvent(streamed(event))]);
  }

  /** What the call waits for does not come in time. */
  async missDeadline(callId: string): Promise<void> {
    const record = (await this.billing.charges.find(callId))!;
    await this.billing.missDeadline(callId, deadlineOf(record, timeouts)!);
  }

  /** A call that is authorised and has begun, with the caller's video. */
  async begin(): Promise<CallScript> {
    const script = new CallScript(this.accountId);
    const { terms, grantedMs } = (await this.authorize(script.callId))!;
    await this.apply(script.initiated(toChargeAuthorization(terms, grantedMs)), script.videoStarted('caller'));
    return script;
  }

  /** A call of these intervals; `deliver` says in which order, and how often, its events are applied. */
  async play(intervals: readonly ReactionInterval[], deliver: <E>(events: readonly E[]) => readonly E[] = (events) => events): Promise<PlayedCall> {
    const script = new CallScript(this.accountId);
    const { terms, grantedMs } = (await this.authorize(script.callId))!;
    const charge = toChargeAuthorization(terms, grantedMs);
    const finalMs = Number(intervals.at(-1)?.toMs ?? 0n);
    const reactions = [...intervals.map((one) => script.progress('caller', [one])), script.ended('caller', finalMs)];
    await this.apply(...deliver([script.initiated(charge), script.videoStarted('caller'), ...reactions, script.completed(finalMs)]));
    return this.played(script);
  }

  /** What has become of a call by now. */
  async played(script: CallScript): Promise<PlayedCall> {
    const { callId } = script;
    const receipt = toReceipt(await this.billing.getReceipt(this.accountId, { callId }));
    const told = await billingEvents(this.stores.nats.bus, script);
    const entries = (await this.billing.wallets.entries(this.walletId, 0n, 1_000)).filter((entry) => entry.callId === callId);
    const charged = entries.reduce((sum, { creditAccount, amountMicros }) => (creditAccount === `wallet:${this.walletId}` ? sum - amountMicros : sum + amountMicros), 0n);
    return { callId, script, receipt, told, wallet: await this.wallet(), entries, charged };
  }

  /** Rates a settled call by a version of its policy. */
  reRate(callId: string, version: number, changes: Partial<ReRateCommand> = {}) {
    return this.billing.reRateCharge({ ...this.order(callId), policyId: this.policyId, version, dryRun: false, ...changes });
  }

  /** What each command about a settled call says. */
  order(callId: string, requestId: string = randomUUID()) {
    return { accountId: this.accountId, callId, requestId, actor: 'ops', note: 'a mistake', atMs: atMs + 60_000n, traceparent: '' };
  }
}

function tenantTerms(changes: Partial<PolicyTerms>): PolicyTerms {
  return sampleTerms({ grantMs: 10_000n, ...changes });
}
