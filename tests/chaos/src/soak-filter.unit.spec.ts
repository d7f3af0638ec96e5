import { expect, test } from '@jest/globals';
import { letsThrough, toMessage, toQuery, type SoakFilter } from './soak-filter.ts';

const event = { type: 'call.completed', callId: 'CA1f', from: '+49170', to: '+15550101', direction: 'inbound', status: 'no_answer' };

test.each<[boolean, SoakFilter]>([
  [true, { filters: [{ exact: { type: 'call.completed', 'data.status': 'no_answer' } }] }],
  [false, { filters: [{ exact: { type: 'call.completed', 'data.status': 'completed' } }] }],
  [true, { filters: [{ prefix: { callfrom: '+49' } }, { suffix: { callto: '01' } }] }],
  [false, { filters: [{ prefix: { callfrom: '+49' } }, { suffix: { callto: '02' } }] }],
  [true, { filters: [{ any: [{ exact: { type: 'billing.settled' } }, { not: { prefix: { subject: 'CA2' } } }] }] }],
  [false, { filters: [{ all: [{ prefix: { type: 'call.' } }, { not: { exact: { calldirection: 'inbound' } } }] }] }],
  [false, { types: ['billing.*'], filters: [{ prefix: { callfrom: '+49' } }] }],
])('%j: %j', (passes, filter) => {
  expect(letsThrough(filter, event)).toBe(passes);
});

test('an attribute that an event does not have fails what asks for it, and passes its negation', () => {
  const unended = { ...event, type: 'call.ringing', status: undefined };
  const status = { exact: { 'data.status': 'completed' } };
  expect(letsThrough({ filters: [status] }, unended)).toBe(false);
  expect(letsThrough({ filters: [{ not: status }] }, unended)).toBe(true);
});

test('a filter is the same on the wire of gRPC and in a query', () => {
  const filter: SoakFilter = { types: ['call.*'], from: ['+49170', 'client:x'], filters: [{ not: { prefix: { callto: '+1' } } }] };
  expect(toMessage(filter)).toMatchObject({
    types: ['call.*'],
    from: ['+49170', 'client:x'],
    callIds: [],
    filters: [{ dialect: { $case: 'not', value: { dialect: { $case: 'prefix', value: { attributes: { callto: '+1' } } } } } }],
  });
  expect(Object.fromEntries(toQuery(filter))).toEqual({ types: 'call.*', from: '+49170,client:x', filters: '[{"not":{"prefix":{"callto":"+1"}}}]' });
});
