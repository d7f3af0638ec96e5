import type { ChargeVerdict } from './charge-check.ts';
import type { PlayedCall } from './call-player.ts';

export interface ChargingReport {
  readonly seed: number;
  readonly calls: number;
  /** Less than `calls` when the time was over before. */
  readonly callsPlayed: number;
  readonly charged: number;
  readonly refused: number;
  /** Charges, of which a call has two where each side pays; see `ChargeVerdict`. */
  readonly settledEarly: number;
  readonly adjusted: number;
  readonly limited: number;
  /** Of call router and recognition. */
  readonly eventsPublished: number;
  /** Publishes of an event that had been published before. */
  readonly publishedAgain: number;
  /** Of billing, and those of them that came again. */
  readonly billingEvents: number;
  readonly billingRepeats: number;
  readonly entries: number;
  readonly kills: number;
  readonly pauses: number;
  readonly databaseRestarts: number;
  /** From the first call to the last, until all was settled, and in all. */
  readonly playMs: number;
  readonly settledMs: number;
  readonly durationMs: number;
  readonly logDir: string;
  readonly faults: readonly string[];
}

/** Of all calls, how many. */
export function countsOf(played: readonly PlayedCall[], verdicts: readonly ChargeVerdict[]): Pick<ChargingReport, 'callsPlayed' | 'charged' | 'refused' | 'settledEarly' | 'adjusted' | 'limited'> {
  const count = <T>(all: readonly T[], is: (one: T) => boolean) => all.filter(is).length;
  return {
    callsPlayed: played.length,
    charged: count(played, ({ isCharged }) => isCharged),
    refused: count(played, ({ wasRefused }) => wasRefused),
    settledEarly: count(verdicts, ({ wasSettledEarly }) => wasSettledEarly),
    adjusted: count(verdicts, ({ wasAdjusted }) => wasAdjusted),
    limited: count(verdicts, ({ wasLimited }) => wasLimited),
  };
}

/** Whether nothing is wrong, and all that was planned was played. */
export function chargingHolds({ faults, calls, callsPlayed }: ChargingReport): boolean {
  return faults.length === 0 && callsPlayed === calls;
}

const shown = 20;

/** For a person: the numbers, and of what is wrong the first few. */
export function formatCharging(report: ChargingReport): string {
  const { faults } = report;
  const seconds = (ms: number) => (ms / 1_000).toFixed(0);
  return [
    `seed ${report.seed}: ${report.callsPlayed} calls in ${seconds(report.playMs)} s, settled after ${seconds(report.settledMs)} s, ${seconds(report.durationMs)} s in all`,
    `calls:   ${report.charged} charged, ${report.refused} refused, ${report.limited} beyond their balance, ${report.settledEarly} settled before all of their events, ${report.adjusted} adjusted`,
    `events:  ${report.eventsPublished} (${report.publishedAgain} published again), ${report.billingEvents} of billing (${report.billingRepeats} came again), ${report.entries} ledger entries`,
    `faults:  billing killed ${report.kills} times, paused ${report.pauses} times; database killed ${report.databaseRestarts} times`,
    ...(report.callsPlayed < report.calls ? [`too slow: the time was over when ${report.callsPlayed} of ${report.calls} calls had been played`] : []),
    ...(faults.length === 0
      ? ['ledger, receipts and events are what the oracle says']
      : [`${faults.length} faults:`, ...faults.slice(0, shown).map((fault) => `  ${fault}`), `seed ${report.seed} repeats this plan; the logs are in ${report.logDir}`]),
  ].join('\n');
}
