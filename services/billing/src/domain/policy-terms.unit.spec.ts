import { describe, expect, test } from '@jest/globals';
import type { ParleyError } from '@parley/errors';
import { validateTerms, type RequestedTerms } from './policy-terms.ts';
import { plainPrices } from './price.ts';
import { sampleTerms } from '../test-support/sample-terms.ts';

function faultsOf(changes: Partial<RequestedTerms>): { code: string; fields: string[] } {
  try {
    validateTerms({ ...sampleTerms(), ...changes });
  } catch (error) {
    const { code, details } = error as ParleyError;
    return { code, fields: (details?.violations ?? []).map(({ field }) => field) };
  }
  return { code: 'none', fields: [] };
}

describe('terms of a policy', () => {
  test('sensible ones are taken as they are', () => {
    expect(validateTerms(sampleTerms())).toEqual(sampleTerms());
    expect(faultsOf({ rateMicros: 0n, freePeriodMs: 0n, faceAbsentMs: 0n, minFaceAreaRatio: 1 }).code).toBe('none');
    for (const hostPermille of [0, 1_000]) expect(faultsOf({ prices: { ...plainPrices, hostPermille } }).code).toBe('none');
  });

  test.each<[Partial<RequestedTerms>, string]>([
    [{ rateMicros: -1n }, 'terms.rate_micros'],
    [{ rateMicros: 1_000_000_000_000_001n }, 'terms.rate_micros'],
    [{ unitMs: 0n }, 'terms.unit_ms'],
    [{ freePeriodMs: -1n }, 'terms.free_period_ms'],
    [{ faceAbsentMs: -1n }, 'terms.face_absent_ms'],
    [{ voiceAbsentMs: -1n }, 'terms.voice_absent_ms'],
    [{ textAbsentMs: -1n }, 'terms.text_absent_ms'],
    [{ textHoldMs: -1n }, 'terms.text_hold_ms'],
    [{ maxGapMs: 0n }, 'terms.max_gap_ms'],
    [{ entryGridMs: 0n }, 'terms.entry_grid_ms'],
    [{ grantMs: 0n }, 'terms.grant_ms'],
    [{ roundingIncrementMicros: 0n }, 'terms.rounding_increment_micros'],
    [{ rounding: undefined }, 'terms.rounding'],
    [{ minFaceAreaRatio: -0.1 }, 'terms.min_face_area_ratio'],
    [{ minFaceAreaRatio: 1.1 }, 'terms.min_face_area_ratio'],
    [{ minFaceAreaRatio: Number.NaN }, 'terms.min_face_area_ratio'],
    [{ prices: { ...plainPrices, tiers: [{ fromMs: 0n, rateMicros: 1n }] } }, 'terms.prices.tiers[0].from_ms'],
    [{ prices: { ...plainPrices, tiers: [{ fromMs: 9n, rateMicros: 1n }, { fromMs: 9n, rateMicros: 1n }] } }, 'terms.prices.tiers[1].from_ms'],
    [{ prices: { ...plainPrices, tiers: [{ fromMs: 9n, rateMicros: -1n }] } }, 'terms.prices.tiers[0].rate_micros'],
    [{ prices: { ...plainPrices, tiers: Array.from({ length: 17 }, (_, index) => ({ fromMs: BigInt(index + 1), rateMicros: 1n })) } }, 'terms.prices.tiers'],
    [{ prices: { ...plainPrices, connectionFeeMicros: -1n } }, 'terms.prices.connection_fee_micros'],
    [{ prices: { ...plainPrices, minimumChargeMicros: 10n ** 18n } }, 'terms.prices.minimum_charge_micros'],
    [{ prices: { ...plainPrices, minimumChargeMicros: 2n, maximumChargeMicros: 1n } }, 'terms.prices.maximum_charge_micros'],
    [{ prices: { ...plainPrices, voicePermille: 10_001 } }, 'terms.prices.voice_permille'],
    [{ prices: { ...plainPrices, weekBands: [{ fromMinute: 10_080, permille: 1 }] } }, 'terms.prices.week_bands[0].from_minute'],
    [{ prices: { ...plainPrices, weekBands: [{ fromMinute: 5, permille: 1 }, { fromMinute: 5, permille: 2 }] } }, 'terms.prices.week_bands[1].from_minute'],
    [{ prices: { ...plainPrices, weekBands: [{ fromMinute: 0, permille: -1 }] } }, 'terms.prices.week_bands[0].permille'],
    [{ prices: { ...plainPrices, weekBands: Array.from({ length: 169 }, (_, fromMinute) => ({ fromMinute, permille: 1 })) } }, 'terms.prices.week_bands'],
    [{ prices: { ...plainPrices, timeZone: 'Europe/Berlim' } }, 'terms.prices.time_zone'],
    [{ prices: { ...plainPrices, resumeAfterMs: -1n } }, 'terms.prices.resume_after_ms'],
    [{ prices: { ...plainPrices, hostPermille: -1 } }, 'terms.prices.host_permille'],
    [{ prices: { ...plainPrices, hostPermille: 1_001 } }, 'terms.prices.host_permille'],
  ])('%p is refused', (changes, field) => {
    expect(faultsOf(changes)).toEqual({ code: 'policy.invalid_terms', fields: [field] });
  });

  test('an unknown currency has a code of its own', () => {
    expect(faultsOf({ currency: 'EURO' })).toEqual({ code: 'policy.unknown_currency', fields: ['terms.currency'] });
    expect(faultsOf({ currency: 'XXX' }).code).toBe('policy.unknown_currency');
  });

  test('all faults are named at once', () => {
    expect(faultsOf({ currency: '', rateMicros: -5n, unitMs: 0n, rounding: undefined, prices: { ...plainPrices, facePermille: -1, hostPermille: 1_001 } })).toEqual({
      code: 'policy.invalid_terms',
      fields: ['terms.currency', 'terms.rate_micros', 'terms.unit_ms', 'terms.prices.face_permille', 'terms.prices.host_permille', 'terms.rounding'],
    });
  });
});
