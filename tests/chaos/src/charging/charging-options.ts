/** How much of everything a soak of charging has. */
export interface ChargingOptions {
  readonly seed: number;
  readonly calls: number;
  readonly accounts: number;
  readonly wallets: number;
  /** Of each account. */
  readonly policies: number;
  /** Of billing. */
  readonly replicas: number;
  /** How long the calls take, all together, where the machine keeps up; and how long at most. */
  readonly durationMs: number;
  readonly playLimitMs: number;
  /** Within which everything that is left then has to be settled and given back. */
  readonly drainMs: number;
  /** All of it, the start of the processes and the checks included. */
  readonly limitMs: number;
  /** Calls that are not settled yet: no more begin while there are so many. */
  readonly mostAtATime: number;
  readonly longestDelayMs: number;
  /** See `CallPlayerOptions`. */
  readonly lostAgeMs: number;
  readonly kills: number;
  readonly pauses: number;
  readonly pausesMs: readonly [shortest: number, longest: number];
  /** Of the service. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The least that the service takes, so that calls whose end never comes are settled within the run. */
const silentCallTimeoutMs = 60_000;

/** `make soak-billing`: about 50,000 events. */
export const fullCharging: Omit<ChargingOptions, 'seed'> = {
  calls: 10_000,
  accounts: 4,
  wallets: 120,
  policies: 24,
  replicas: 2,
  durationMs: 1_200_000,
  playLimitMs: 3_000_000,
  drainMs: 120_000,
  limitMs: 3_600_000,
  mostAtATime: 40,
  longestDelayMs: 4_000,
  lostAgeMs: 0,
  kills: 24,
  pauses: 16,
  pausesMs: [5_500, 9_000],
  environment: { SWEEP_INTERVAL_MS: '15000', AUTHORIZATION_TIMEOUT_MS: '30000', RECOGNITION_TIMEOUT_MS: '30000', SILENT_CALL_TIMEOUT_MS: String(silentCallTimeoutMs) },
};

/** In `make test`. */
export const shortCharging: Omit<ChargingOptions, 'seed'> = {
  calls: 70,
  accounts: 2,
  wallets: 10,
  policies: 8,
  replicas: 2,
  durationMs: 10_000,
  playLimitMs: 120_000,
  drainMs: 50_000,
  limitMs: 240_000,
  mostAtATime: 30,
  longestDelayMs: 2_000,
  lostAgeMs: silentCallTimeoutMs,
  kills: 1,
  pauses: 1,
  pausesMs: [2_500, 4_000],
  environment: { LEASE_TTL_MS: '1500', SWEEP_INTERVAL_MS: '5000', AUTHORIZATION_TIMEOUT_MS: '5000', RECOGNITION_TIMEOUT_MS: '6000', SILENT_CALL_TIMEOUT_MS: String(silentCallTimeoutMs) },
};

/** The same with more or fewer calls, and as many faults as go with them. */
export function withCalls<Options extends Omit<ChargingOptions, 'seed'>>(options: Options, calls: number): Options {
  const share = calls / options.calls;
  return { ...options, calls, durationMs: options.durationMs * share, kills: Math.ceil(options.kills * share), pauses: Math.ceil(options.pauses * share) };
}
