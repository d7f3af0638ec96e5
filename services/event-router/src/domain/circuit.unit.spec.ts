import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closedCircuit, nextRequestMs, onRequest, onRequestEnd, type Circuit, type CircuitSettings, type Health } from './circuit.ts';

const settings: CircuitSettings = { failures: 3, pausesMs: [100, 1_000, 5_000] };

/** Ends requests one after the other, each begun when the circuit first allows it. */
function after(healths: readonly Health[], random = 0): { readonly circuit: Circuit; readonly nowMs: number } {
  let circuit: Circuit = closedCircuit;
  let nowMs = 0;
  for (const health of healths) {
    nowMs = nextRequestMs(circuit, nowMs);
    circuit = onRequest(circuit);
    circuit = onRequestEnd(circuit, settings, { health, wasProbe: circuit.kind === 'probing', nowMs, random });
  }
  return { circuit, nowMs };
}
const ill = (count: number): Health[] => Array<Health>(count).fill('ill');

describe('a circuit', () => {
  test('opens after so many failures in a row, and not before', () => {
    expect(after(ill(2)).circuit).toEqual({ kind: 'closed', failures: 2 });
    expect(after(ill(3)).circuit).toEqual({ kind: 'open', failures: 3, openings: 1, untilMs: 100 });
    expect(after([...ill(2), 'well', ...ill(2)]).circuit).toEqual({ kind: 'closed', failures: 2 });
  });

  test('lets one request through when its pause is over, and none besides', () => {
    const { circuit } = after(ill(3));
    expect(nextRequestMs(circuit, 40)).toBe(100);
    expect(nextRequestMs(circuit, 140)).toBe(140);
    expect(nextRequestMs(onRequest(circuit), 140)).toBe(Infinity);
  });

  test('stays open for longer each time a probe fails, up to the last pause', () => {
    const pauses = [4, 5, 6, 7].map((count) => {
      const { circuit, nowMs } = after(ill(count));
      return circuit.kind === 'open' ? circuit.untilMs - nowMs : undefined;
    });
    expect(pauses).toEqual([1_000, 5_000, 5_000, 5_000]);
  });

  test('of endpoints that failed together is not probed together', () => {
    expect([0, 0.5].map((random) => after(ill(3), random).circuit)).toMatchObject([{ untilMs: 100 }, { untilMs: 110 }]);
  });

  test('closes when the probe is answered, and begins anew with the first pause', () => {
    expect(after([...ill(5), 'well']).circuit).toEqual(closedCircuit);
    expect(after([...ill(5), 'well', ...ill(3)]).circuit).toMatchObject({ openings: 1 });
  });

  test('a probe that was given up by us leaves it open, and the next may go at once', () => {
    const { circuit, nowMs } = after([...ill(3), 'unknown']);
    expect(circuit).toEqual({ kind: 'open', failures: 3, openings: 1, untilMs: nowMs });
  });

  test('requests that were begun before it opened do not prolong the pause, and an answer to one closes it', () => {
    const open = after(ill(3)).circuit;
    const late = { wasProbe: false, nowMs: 50, random: 0 };
    expect(onRequestEnd(open, settings, { ...late, health: 'ill' })).toEqual({ ...open, failures: 4 });
    expect(onRequestEnd(onRequest(open), settings, { ...late, health: 'ill' })).toEqual({ ...onRequest(open), failures: 4 });
    expect(onRequestEnd(onRequest(open), settings, { ...late, health: 'unknown' })).toEqual(onRequest(open));
    expect(onRequestEnd(open, settings, { ...late, health: 'well' })).toEqual(closedCircuit);
  });

  test('whatever the requests tell: it is never stuck, and its pauses are those of the settings, stretched by a fifth at most', () => {
    const healths = fc.array(fc.constantFrom<Health>('well', 'ill', 'unknown'), { maxLength: 40 });
    fc.assert(
      fc.property(healths, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (given, random) => {
        const { circuit, nowMs } = after(given, random);
        const waitMs = nextRequestMs(circuit, nowMs) - nowMs;
        expect(waitMs).toBeLessThanOrEqual(5_000 * 1.2);
        expect(circuit.kind).not.toBe('probing');
        if (circuit.kind === 'closed') expect(circuit.failures).toBeLessThan(settings.failures);
      }),
    );
  });
});
