/** From this minute of the local week on (Monday 00:00 is 0), a charged millisecond counts for this many thousandths. */
export interface WeekBand {
  readonly fromMinute: number;
  /** 0: free. */
  readonly permille: number;
}

const minuteMs = 60_000n;
export const minutesOfWeek = 7n * 24n * 60n;
const weekMs = minutesOfWeek * minuteMs;
/** The first Monday after the Unix epoch, a Thursday. */
const mondayMs = 4n * 24n * 60n * minuteMs;

/** @param name IANA name; empty: UTC */
export function isTimeZone(name: string): boolean {
  try {
    utcOffsetMinutes(name, 0n);
    return true;
  } catch {
    return false;
  }
}

/**
 * What a zone's clock is ahead of UTC at an instant, in minutes. It depends on the zone data of the runtime: so it is asked
 * once a call, and kept.
 * @param name IANA name; empty: UTC
 * @param atMs Unix time in ms
 */
export function utcOffsetMinutes(name: string, atMs: bigint): number {
  if (name === '') return 0;
  const parts = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' }).formatToParts(Number(atMs));
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '') ?? [];
  if (hours === undefined) return 0;
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
}

/** Where an instant lies in the local week, in ms from Monday 00:00. */
export function msOfWeek(atMs: bigint, offsetMinutes: number): bigint {
  const sinceMonday = (atMs + BigInt(offsetMinutes) * minuteMs - mondayMs) % weekMs;
  return sinceMonday < 0n ? sinceMonday + weekMs : sinceMonday;
}

/** Media time in which one band holds. */
export interface BandStretch {
  readonly fromMs: bigint;
  readonly toMs: bigint;
  /** Undefined: the price does not depend on the hour. */
  readonly permille: number | undefined;
}

/**
 * Cuts `[fromMs, toMs)` of media time where another band begins.
 * @param originMs where media time 0 lies in the week
 */
export function cutByBands(bands: readonly WeekBand[], originMs: bigint, fromMs: bigint, toMs: bigint): BandStretch[] {
  if (bands.length === 0) return [{ fromMs, toMs, permille: undefined }];
  const stretches: BandStretch[] = [];
  for (let atMs = fromMs; atMs < toMs; ) {
    const inWeekMs = (originMs + atMs) % weekMs;
    const next = bands.findIndex(({ fromMinute }) => BigInt(fromMinute) * minuteMs > inWeekMs);
    const nextMs = next < 0 ? weekMs + startOf(bands[0]!) : startOf(bands[next]!);
    const untilMs = atMs + nextMs - inWeekMs;
    // Before the first band of the week the last one of the week before still holds.
    stretches.push({ fromMs: atMs, toMs: untilMs < toMs ? untilMs : toMs, permille: bands.at(next < 0 ? -1 : next - 1)!.permille });
    atMs = untilMs;
  }
  return stretches;
}

function startOf({ fromMinute }: WeekBand): bigint {
  return BigInt(fromMinute) * minuteMs;
}
