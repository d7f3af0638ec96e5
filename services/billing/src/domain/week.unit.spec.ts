import { describe, expect, test } from '@jest/globals';
import { cutByBands, isTimeZone, msOfWeek, utcOffsetMinutes } from './week.ts';

const at = (iso: string): bigint => BigInt(Date.parse(iso));
const minutes = (count: number): bigint => BigInt(count) * 60_000n;

describe('the clock of a zone', () => {
  test.each([
    ['', '2026-07-01T00:00:00Z', 0],
    ['UTC', '2026-07-01T00:00:00Z', 0],
    ['Europe/Berlin', '2026-01-01T00:00:00Z', 60],
    ['Europe/Berlin', '2026-03-29T00:59:59.999Z', 60],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 120],
    ['Asia/Kathmandu', '2026-07-01T00:00:00Z', 345],
    ['America/St_Johns', '2026-01-01T00:00:00Z', -210],
  ])('%s at %s is %i minutes ahead of UTC', (zone, iso, offset) => {
    expect(utcOffsetMinutes(zone, at(iso))).toBe(offset);
  });

  test('a name of no zone is told from one', () => {
    expect(['', 'UTC', 'Europe/Berlin', 'Europe/Berlim', '../etc', 'x'.repeat(1_000)].map(isTimeZone)).toEqual([true, true, true, false, false, false]);
  });
});

test.each([
  ['2026-11-23T00:00:00Z', 0, 0n],
  ['2026-11-22T23:59:59.999Z', 0, minutes(10_080) - 1n],
  ['2026-11-22T23:30:00Z', 60, minutes(30)],
  ['2026-11-23T02:00:00Z', -210, minutes(10_080 - 90)],
  ['1969-12-31T00:00:00Z', 0, minutes(2 * 1_440)],
])('%s with %i minutes is that far from Monday', (iso, offset, ms) => {
  expect(msOfWeek(at(iso), offset)).toBe(ms);
});

describe('media time cut by bands', () => {
  const bands = [{ fromMinute: 60, permille: 500 }, { fromMinute: 120, permille: 2_000 }];
  const cut = (originMs: bigint, fromMs: bigint, toMs: bigint) => cutByBands(bands, originMs, fromMs, toMs).map((stretch) => [stretch.fromMs, stretch.toMs, stretch.permille]);

  test('a band begins with its first millisecond; before the first one of the week the last one holds', () => {
    expect(cut(minutes(60) - 10n, 0n, 20n)).toEqual([[0n, 10n, 2_000], [10n, 20n, 500]]);
    expect(cut(minutes(60), 0n, 20n)).toEqual([[0n, 20n, 500]]);
    expect(cut(minutes(10_080) - 10n, 5n, minutes(60) + 11n)).toEqual([[5n, minutes(60) + 10n, 2_000], [minutes(60) + 10n, minutes(60) + 11n, 500]]);
  });

  test('in a week and a bit every band comes again', () => {
    expect(cut(0n, 0n, minutes(10_080 + 90)).map(([, , permille]) => permille)).toEqual([2_000, 500, 2_000, 500]);
  });

  test('without bands there is one stretch, and nothing for no time', () => {
    expect(cutByBands([], 0n, 3n, 5n)).toEqual([{ fromMs: 3n, toMs: 5n, permille: undefined }]);
    expect(cut(0n, 7n, 7n)).toEqual([]);
  });
});
