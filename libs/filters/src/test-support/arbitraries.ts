import fc from 'fast-check';
import type { EventFilter, FilterExpression, FilteredEvent } from '../event-filter.ts';

// Few values, of which some begin or end with others, so that filters do match.
const types = ['call.completed', 'call.ringing', 'app.order', 'app.order.paid', 'reaction.present', 'billing.charged'];
const addresses = ['+1', '+12', '+123', 'client:a', 'client:aa'];
const values: Readonly<Record<string, readonly string[]>> = {
  type: types,
  subject: ['CA1', 'CA2', 'CA12'],
  callfrom: addresses,
  callto: addresses,
  calldirection: ['inbound', 'outbound-api'],
  'data.status': ['completed', 'busy'],
  'data.final': ['true', 'false'],
};
/** What the filters and events below name. */
export const attributeNames: readonly string[] = Object.keys(values);

/** An event of which each attribute but the type may be absent. */
export const events: fc.Arbitrary<FilteredEvent> = fc
  .record(
    Object.fromEntries(attributeNames.map((name) => [name, fc.constantFrom(...values[name]!)])),
    { requiredKeys: ['type'] },
  )
  .map((attributes) => ({ attribute: (name) => attributes[name], toString: () => JSON.stringify(attributes) }));

function attributesWith(part: (value: string) => fc.Arbitrary<string>): fc.Arbitrary<Readonly<Record<string, string>>> {
  const one = fc.constantFrom(...attributeNames).chain((name) => fc.constantFrom(...values[name]!).chain(part).map((value) => [name, value] as const));
  return fc.array(one, { minLength: 1, maxLength: 2 }).map((entries) => Object.fromEntries(entries));
}

const { expression } = fc.letrec<{ expression: FilterExpression }>((tie) => {
  const list = fc.array(tie('expression'), { minLength: 1, maxLength: 3 });
  return {
    expression: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.record({ exact: attributesWith((value) => fc.constant(value)) }),
      fc.record({ prefix: attributesWith((value) => fc.integer({ min: 1, max: value.length }).map((end) => value.slice(0, end))) }),
      fc.record({ suffix: attributesWith((value) => fc.integer({ min: 0, max: value.length - 1 }).map((start) => value.slice(start))) }),
      fc.record({ all: list }),
      fc.record({ any: list }),
      fc.record({ not: tie('expression') }),
    ),
  };
});

const some = (from: readonly string[]) => fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(fc.constantFrom(...from), { maxLength: 3 }) });

export const filters: fc.Arbitrary<EventFilter> = fc.record({
  types: some([...types, 'call.*', 'app.*', 'reaction.*', 'billing.*']),
  callIds: some(values['subject']!),
  from: some(addresses),
  to: some(addresses),
  directions: some(values['calldirection']!),
  filters: fc.array(expression, { maxLength: 2 }),
});
