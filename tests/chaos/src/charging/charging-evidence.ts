import type { LedgerEntry, Wallet } from '@parley/contracts';
import { rest } from '../rest.ts';
import type { BillingAccess } from './billing-access.ts';
import type { BillingRecord } from './billing-record.ts';
import { eventsOfCharge, judgeCharge, type ChargeVerdict } from './charge-check.ts';
import type { PlayedCall, TopUps } from './call-player.ts';
import { faultsOfWallet } from './ledger-check.ts';
import { payingSides } from './paying-sides.ts';
import type { PlannedWallet } from './wallets.ts';

export interface ChargingEvidence {
  readonly played: readonly PlayedCall[];
  readonly topUps: TopUps;
  readonly record: BillingRecord;
  readonly billing: BillingAccess;
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
}

export interface ChargingVerdict {
  readonly verdicts: readonly ChargeVerdict[];
  readonly faults: readonly string[];
  readonly entries: number;
}

const pollMs = 500;
const sayEach = 2_500;

/** Every charge of it. */
export function isSettled(record: BillingRecord, { call, terms }: PlayedCall): boolean {
  return record.settlements(call.callId) >= payingSides(call, terms).length;
}

/** Waits until every charged call is settled and nothing is held any more, or no longer. */
export async function untilSettled({ played, topUps, record, billing, stop }: ChargingEvidence, drainMs: number): Promise<void> {
  const untilMs = performance.now() + drainMs;
  let waiting = played.filter(({ isCharged }) => isCharged);
  let holding = [...topUps.keys()];
  while ((waiting.length > 0 || holding.length > 0) && performance.now() < untilMs && !stop.aborted) {
    await rest(pollMs, stop);
    waiting = waiting.filter((one) => !isSettled(record, one));
    if (waiting.length > 0) continue;
    const held = await Promise.all(holding.map(async (wallet) => ((await billing.wallet(wallet)).reserved!.micros > 0n ? [wallet] : [])));
    holding = held.flat();
  }
}

interface WalletState {
  readonly planned: PlannedWallet;
  readonly wallet: Wallet;
  readonly entries: readonly LedgerEntry[];
}

/** Reads everything that billing has to say, and judges it. */
export async function judgeCharging(evidence: ChargingEvidence): Promise<ChargingVerdict> {
  const { played, topUps, record, billing, say } = evidence;
  const states: WalletState[] = [];
  for (const planned of topUps.keys()) states.push({ planned, wallet: await billing.wallet(planned), entries: await billing.entries(planned) });
  const entriesOf = new Map(states.map(({ planned, entries }) => [planned, Map.groupBy(entries, ({ callId }) => callId)]));
  const charged = new Map<PlannedWallet, bigint>();
  const verdicts: ChargeVerdict[] = [];
  for (const [checked, one] of played.entries()) {
    const { callId } = one.call;
    for (const side of payingSides(one.call, one.terms)) {
      const { payer, wallet } = side;
      const receipt = one.isCharged && isSettled(record, one) ? await billing.receipt(one.call, payer) : undefined;
      const verdict = judgeCharge({ played: one, side, events: eventsOfCharge(record.of(callId), one, payer), entries: entriesOf.get(wallet)?.get(callId) ?? [], receipt });
      charged.set(wallet, (charged.get(wallet) ?? 0n) + verdict.chargedMicros);
      verdicts.push(verdict);
    }
    if ((checked + 1) % sayEach === 0) say(`${checked + 1} calls are checked`);
  }
  const ofWallets = states.flatMap((state) => faultsOfWallet({ ...state, toppedUpMicros: topUps.get(state.planned)!, chargedMicros: charged.get(state.planned) ?? 0n }));
  const accounts = [...new Set([...topUps.keys()].map(({ accountId }) => accountId))];
  const parked = (await Promise.all(accounts.map((accountId) => billing.parked(accountId)))).flat();
  const faults = [...new Set(parked), ...record.faults, ...verdicts.flatMap(({ faults }) => faults), ...ofWallets];
  return { verdicts, faults, entries: states.reduce((sum, { entries }) => sum + entries.length, 0) };
}
