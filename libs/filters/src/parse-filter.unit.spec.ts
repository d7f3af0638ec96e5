import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { compileFilter } from './compile-filter.ts';
import { everyEvent, type EventFilter, type FilterExpression } from './event-filter.ts';
import { maxFilterValues, messageFieldNames, parseFilter, type FilterVocabulary, type GivenFilter } from './parse-filter.ts';
import { attributeNames, filters } from './test-support/arbitraries.ts';

const vocabulary: FilterVocabulary = {
  types: ['call.completed', 'call.ringing', 'reaction.present', 'billing.charged', 'app.*'],
  attributes: attributeNames,
  values: { calldirection: ['inbound', 'outbound-api'] },
};
const callId = `CA${'0'.repeat(32)}`;

function violationsOf(filter: Partial<GivenFilter>): unknown {
  try {
    parseFilter({ ...everyEvent, ...filter }, vocabulary);
  } catch (error) {
    if (isParleyError(error, 'subscription.invalid_filter')) return error.details?.violations;
    throw error;
  }
  return undefined;
}

const at = (...fields: string[]) => fields.map((field) => expect.objectContaining({ field }));

describe('the lists of a filter', () => {
  test('are taken as the contract allows', () => {
    const filter: EventFilter = {
      types: ['call.completed', 'call.*', 'app.*', 'app.order.paid'],
      callIds: [callId],
      from: ['client:alice', '+4930123456'],
      to: ['client:b.o_b@x-y'],
      directions: ['inbound', 'outbound-api'],
      filters: [],
    };
    expect(parseFilter(filter, vocabulary)).toEqual(filter);
  });

  test.each([
    ['types', 'call.complete'],
    ['types', 'call'],
    ['types', '*'],
    ['types', 'constructor'],
    ['types', 'app.'],
    ['types', 'app.Order'],
    ['callIds', 'CA1'],
    ['callIds', `${callId}\n`],
    ['from', 'alice'],
    ['from', '+'],
    ['to', 'client:'],
    ['to', 'sip:bob@example.com'],
    ['directions', 'outbound'],
  ] as const)('refuses %s %j by list and position', (list, value) => {
    const violations = violationsOf({ [list]: [...(list === 'types' ? ['call.*'] : []), value] });
    expect(violations).toEqual(at(`${messageFieldNames[list]}[${list === 'types' ? 1 : 0}]`));
  });

  test('are bounded over all of them', () => {
    const many = Array.from({ length: maxFilterValues / 2 }, () => '+1');
    expect(violationsOf({ from: many, to: many })).toBeUndefined();
    expect(violationsOf({ from: many, to: [...many, '+1'] })).toEqual(at('filter'));
  });
});

describe('the expressions of a filter', () => {
  test('are taken as the CloudEvents Subscriptions API has them, and nothing besides', () => {
    const given: FilterExpression[] = [
      { exact: { type: 'call.completed', 'data.status': 'busy' } },
      { any: [{ prefix: { callfrom: '+49' } }, { suffix: { callto: '00' } }, { not: { all: [{ exact: { type: 'app.order' } }] } }] },
    ];
    expect(parseFilter({ ...everyEvent, filters: given }, vocabulary).filters).toEqual(given);
  });

  test('each one that can be applied is taken, and means the same', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const given = { ...everyEvent, filters: JSON.parse(JSON.stringify(filter.filters)) as unknown[] };
        fc.pre(JSON.stringify(given).length < 1_000);
        expect(parseFilter(given, { ...vocabulary, types: [...vocabulary.types, 'call.ringing'] }).filters).toEqual(filter.filters);
      }),
    );
  });

  test.each<[unknown, ...string[]]>([
    [null, ''],
    ['exact', ''],
    [[], ''],
    [{}, ''],
    [{ exact: { subject: 'a' }, prefix: { subject: 'a' } }, ''],
    [{ sql: "type = 'x'" }, ''],
    [JSON.parse('{"__proto__":{"exact":{"subject":"a"}}}'), ''],
    [{ constructor: { subject: 'a' } }, ''],
    [{ exact: {} }, '.exact'],
    [{ exact: [] }, '.exact'],
    [{ exact: 'subject' }, '.exact'],
    [{ exact: null }, '.exact'],
    [{ exact: { subject: '' } }, '.exact.subject'],
    [{ exact: { subject: 1 } }, '.exact.subject'],
    [{ exact: { subject: null } }, '.exact.subject'],
    [{ exact: { subject: { toString: 'a' } } }, '.exact.subject'],
    [{ exact: { subject: 'a'.repeat(257) } }, '.exact.subject'],
    [{ exact: { type: 'call.complete' } }, '.exact.type'],
    [{ exact: { type: 'call.*' } }, '.exact.type'],
    [{ exact: { calldirection: 'outbound' } }, '.exact.calldirection'],
    [{ any: [{ prefix: { calldirection: 'outbound' } }, { suffix: { calldirection: 'bound' } }, { prefix: { calldirection: 'bound' } }] }, '.any[2].prefix.calldirection'],
    [{ prefix: { 'data.foo': 'a', subject: '', callfrom: '+1' } }, '.prefix.data.foo', '.prefix.subject'],
    [{ suffix: JSON.parse('{"__proto__":"a","toString":"a"}') as unknown }, '.suffix.__proto__', '.suffix.toString'],
    [{ exact: { 'a\nb\u0000': 'a' } }, '.exact.a?b?'],
    [{ all: [] }, '.all'],
    [{ any: {} }, '.any'],
    [{ any: 'exact' }, '.any'],
    [{ any: [{ exact: { subject: 'a' } }, 1, { not: { exact: { foo: 'a' } } }] }, '.any[1]', '.any[2].not.exact.foo'],
    [{ not: [{ exact: { subject: 'a' } }] }, '.not'],
    [{ not: { not: { not: { not: { not: { not: { not: { not: { exact: { subject: 'a' } } } } } } } } } }, '.not'.repeat(8)],
  ])('%j is refused by its position', (expression, ...paths) => {
    const fine = { exact: { subject: 'a' } };
    expect(violationsOf({ filters: [fine, expression] })).toEqual(at(...paths.map((path) => `filter.filters[1]${path}`)));
  });

  test('may be nested eight deep', () => {
    expect(violationsOf({ filters: [{ not: { not: { not: { not: { not: { not: { not: { exact: { subject: 'a' } } } } } } } } }] })).toBeUndefined();
  });

  test('are bounded in number, together with the lists', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ prefix: { subject: `CA${index}` } }));
    expect(violationsOf({ filters: [{ any: many(60) }], from: ['+1', '+2', '+3'] })).toBeUndefined();
    expect(violationsOf({ filters: [{ any: many(60) }], from: ['+1', '+2', '+3', '+4'] })).toEqual(at('filter'));
    expect(violationsOf({ filters: many(65) })).toEqual(at('filter'));
    expect(violationsOf({ filters: Array.from({ length: 65 }, () => ({})) })).toEqual(at('filter'));
  });

  test('of absurd size or depth are refused at once', () => {
    const deep = (levels: number) => {
      let expression: unknown = { exact: { subject: 'a' } };
      for (let level = 0; level < levels; level += 1) expression = level % 2 === 0 ? { not: expression } : { any: [expression] };
      return expression;
    };
    expect(violationsOf({ filters: [deep(20)] })).toEqual([expect.objectContaining({ description: 'is nested more than 8 deep' })]);
    expect(violationsOf({ filters: [deep(100_000)] })).toEqual(at('filter'));
    expect(violationsOf({ filters: Array.from({ length: 1_000_000 }, () => 1) })).toEqual(at('filter'));
    expect(violationsOf({ filters: [{ any: Array.from({ length: 1_000_000 }, () => []) }] })).toEqual(at('filter'));
    expect(violationsOf({ filters: [{ exact: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`a${index}`, 'x'])) }] })).toEqual(at('filter'));
  });
});

describe('parseFilter', () => {
  test('names every fault at once, and no value of the filter', () => {
    const filter = { ...everyEvent, types: ['nonsense'], from: ['0049123456789'], filters: [{ exact: { subject: '' } }, { exact: { type: '0049123456789' } }] };
    expect(violationsOf(filter)).toEqual(at('filter.types[0]', 'filter.from[0]', 'filter.filters[0].exact.subject', 'filter.filters[1].exact.type'));
    expect(() => parseFilter(filter, vocabulary)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('0049') }));
  });

  test('refuses whatever a client sends, or takes it and can apply it', () => {
    const lists = fc.array(fc.string(), { maxLength: 2 });
    const dialect = fc.constantFrom('exact', 'prefix', 'suffix', 'all', 'any', 'not', '__proto__', 'constructor', 'sql');
    const name = fc.oneof(dialect, fc.constantFrom(...attributeNames, 'toString', 'hasOwnProperty'), fc.string());
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof({ maxDepth: 6 }, fc.jsonValue(), fc.array(tie('json'), { maxLength: 3 }), fc.dictionary(name, tie('json'), { maxKeys: 2, noNullPrototype: false })),
    }));
    fc.assert(
      fc.property(fc.record({ types: lists, callIds: lists, from: lists, to: lists, directions: lists, filters: fc.array(json, { maxLength: 3 }) }), (given) => {
        const filter = { ...everyEvent, filters: given.filters };
        for (const one of [given, filter]) {
          const violations = violationsOf(one);
          if (violations === undefined) compileFilter(parseFilter(one, vocabulary))({ attribute: (name) => name });
          else expect((violations as unknown[]).length).toBeGreaterThan(0);
        }
        expect(Object.hasOwn(Object.prototype, 'exact')).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });
});
