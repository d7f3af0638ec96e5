import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Match, Test } from './condition.ts';
import { always, literalOf, Terms } from './terms.ts';

const matches: readonly Match[] = ['exact', 'prefix', 'suffix'];
const values = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '😀'), minLength: 1, maxLength: 4 });
const terms = fc.record({ attribute: fc.constantFrom('type', 'subject'), match: fc.constantFrom(...matches), value: values });
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ acquire: terms }) },
    { weight: 2, arbitrary: fc.record({ release: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ event: fc.record({ type: values, subject: values }, { requiredKeys: [] }) }) },
  ),
  { size: 'large', maxLength: 80 },
);

const testOf = (attribute: string, match: Match): Test => ({ kind: 'test', attribute, match, isNegated: false, values: [] });
const compare: Readonly<Record<Match, (text: string, value: string) => boolean>> = {
  exact: (text, value) => text === value,
  prefix: (text, value) => text.startsWith(value),
  suffix: (text, value) => text.endsWith(value),
};

describe('Terms', () => {
  test('hold for just the events that have, begin with or end with their value, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const index = new Terms();
        const acquired: { readonly attribute: 'type' | 'subject'; readonly match: Match; readonly value: string; readonly term: number }[] = [];
        for (const step of given) {
          if ('acquire' in step) {
            const { attribute, match, value } = step.acquire;
            acquired.push({ ...step.acquire, term: index.acquire(testOf(attribute, match), value) });
          } else if ('release' in step) {
            const [released] = acquired.splice(step.release % Math.max(1, acquired.length), 1);
            if (released !== undefined) index.release(released.term);
          } else {
            index.read({ attribute: (name) => step.event[name as 'type'] });
            const holding = acquired.filter(({ attribute, match, value }) => compare[match](step.event[attribute] ?? '', value)).map(({ term }) => term);
            expect(new Set(index.held)).toEqual(new Set([always, ...holding]));
            for (const { term } of acquired) {
              const isHeld = holding.includes(term) ? 1 : 0;
              expect([index.truths[literalOf(term, false)], index.truths[literalOf(term, true)]]).toEqual([isHeld, 1 - isHeld]);
            }
          }
        }
        expect(new Set(acquired.map(({ term }) => term)).size).toBe(new Set(acquired.map(({ attribute, match, value }) => `${attribute} ${match} ${value}`)).size);
      }),
      { numRuns: 1_000 },
    );
  });

  test('values of the same hash are told apart', () => {
    const index = new Terms();
    const subject = testOf('subject', 'exact');
    // Of so many, some ten pairs have the same hash, by chance.
    const numbers = Array.from({ length: 300_000 }, (_, nth) => index.acquire(subject, `CA${nth * 7_919}`));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('the number of a term is given again when nobody uses it', () => {
    const index = new Terms();
    const subject = testOf('subject', 'exact');
    const first = index.acquire(subject, 'CA1');
    index.acquire(subject, 'CA1');
    index.release(first);
    expect(index.find(subject, 'CA1')).toBe(first);
    index.release(first);
    expect(index.find(subject, 'CA1')).toBeUndefined();
    expect(index.acquire(subject, 'CA2')).toBe(first);
  });
});
