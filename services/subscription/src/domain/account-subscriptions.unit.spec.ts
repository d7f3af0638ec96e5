import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { everyEvent } from '@parley/filters';
import { addedClasses, create, find, madeBy, page, remove, update, type AccountSubscriptions, type NewSubscription } from './account-subscriptions.ts';
import { natsClasses, type Sink } from './sink.ts';

const webhook: Sink = { kind: 'webhook', url: 'https://example.com/', secret: 'whsec_AAAA' };
const nats: Sink = { kind: 'nats' };
const empty: AccountSubscriptions = { accountId: 'acme', nextRevision: 0, subscriptions: [] };
const given = (id: string, sink: Sink = webhook): NewSubscription => ({
  subscriptionId: id,
  filter: everyEvent,
  sink,
  startsAfter: { CALL_EVENTS: 7 },
  request: { requestId: `request-${id}`, digest: 'd' },
});
const code = (code: string) => expect.objectContaining({ code });

describe('an account with subscriptions', () => {
  test('given none, when one is created, then it is there and not paused', () => {
    const { account, changed, deleted } = create(empty, given('s1'), 10);
    expect(find(account, 's1')).toEqual(changed);
    expect(changed).toMatchObject({ paused: false, revision: 0, startsAfter: { CALL_EVENTS: 7 } });
    expect(deleted).toBe(false);
  });

  test('given as many as are allowed, when one more is created, then it is refused', () => {
    const { account } = create(empty, given('s1'), 1);
    expect(() => create(account, given('s2'), 1)).toThrow(code('subscription.limit_reached'));
    expect(() => create(remove(account, 's1').account, given('s2'), 1)).not.toThrow();
  });

  test('given a NATS sink, when another is created, then it is refused; a webhook is not', () => {
    const { account } = create(empty, given('s1', nats), 10);
    expect(() => create(account, given('s2', nats), 10)).toThrow(code('subscription.sink_exists'));
    expect(() => create(account, given('s2'), 10)).not.toThrow();
  });

  test('given a request, when it comes again, then it is known; with another body it is refused', () => {
    const { account, changed } = create(empty, given('s1'), 10);
    expect(madeBy(account, { requestId: 'request-s1', digest: 'd' })).toEqual(changed);
    expect(madeBy(account, { requestId: 'request-s2', digest: 'd' })).toBeUndefined();
    expect(() => madeBy(account, { requestId: 'request-s1', digest: 'other' })).toThrow(code('request.idempotency_conflict'));
  });

  test('given one, when it is updated, then filter and pause are replaced and nothing else', () => {
    const { account, changed: before } = create(empty, given('s1'), 10);
    const filter = { ...everyEvent, types: ['call.completed'] };
    const { changed } = update(account, 's1', { filter, paused: true, startsAfter: {} });
    expect(changed).toEqual({ ...before, filter, paused: true, revision: 1 });
  });

  test('given a NATS sink, when it is paused or narrowed, then that is refused', () => {
    const { account } = create(empty, given('s1', nats), 10);
    expect(() => update(account, 's1', { filter: everyEvent, paused: true, startsAfter: {} })).toThrow(code('subscription.invalid_sink'));
    expect(() => update(account, 's1', { filter: { ...everyEvent, from: ['+1'] }, paused: false, startsAfter: {} })).toThrow(code('subscription.invalid_filter'));
  });

  test('given a NATS sink, when its filter lets more classes through, then these start now and the others where they did', () => {
    const billing = { ...everyEvent, types: ['billing.*'] };
    const { account, changed: before } = create(empty, { ...given('s1', nats), filter: billing, startsAfter: { CALL_EVENTS: 7, BILLING_EVENTS: 3 } }, 10);
    expect(addedClasses(before, everyEvent)).toEqual(['call', 'reaction']);
    expect(addedClasses(before, billing)).toEqual([]);
    const { changed } = update(account, 's1', { filter: everyEvent, paused: false, startsAfter: { CALL_EVENTS: 20 } });
    expect(changed.startsAfter).toEqual({ CALL_EVENTS: 20, BILLING_EVENTS: 3 });
  });

  test('given a webhook, when its filter lets more through, then it starts nowhere else', () => {
    const { changed } = create(empty, { ...given('s1'), filter: { ...everyEvent, types: ['billing.*'] } }, 10);
    expect(addedClasses(changed, everyEvent)).toEqual([]);
  });

  test('what does not exist is not found', () => {
    expect(() => find(empty, 's1')).toThrow(code('not_found.subscription'));
    expect(() => update(empty, 's1', { filter: everyEvent, paused: false, startsAfter: {} })).toThrow(code('not_found.subscription'));
    expect(() => remove(empty, 's1')).toThrow(code('not_found.subscription'));
  });
});

describe('whatever happens', () => {
  const commands = fc.array(fc.tuple(fc.constantFrom('create', 'nats', 'update', 'remove'), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 40 });

  function run(account: AccountSubscriptions, [kind, id]: readonly [string, string]) {
    try {
      if (kind === 'create' || kind === 'nats') return create(account, given(`${id}${account.nextRevision}`, kind === 'nats' ? nats : webhook), 3);
      const target = account.subscriptions.find((one) => one.subscriptionId.startsWith(id))?.subscriptionId ?? id;
      return kind === 'update' ? update(account, target, { filter: everyEvent, paused: false, startsAfter: {} }) : remove(account, target);
    } catch (error) {
      if (isParleyError(error)) return undefined;
      throw error;
    }
  }

  test('the limit holds, one NATS sink is the only one, and revisions grow', () => {
    fc.assert(
      fc.property(commands, (given) => {
        let account = empty;
        const revisions: number[] = [];
        for (const command of given) {
          const change = run(account, command);
          if (change === undefined) continue;
          account = change.account;
          revisions.push(change.changed.revision);
          expect(account.subscriptions.length).toBeLessThanOrEqual(3);
          expect(account.subscriptions.filter(({ sink }) => sink.kind === 'nats').length).toBeLessThanOrEqual(1);
        }
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
      }),
    );
  });

  test('pages of any size show each subscription once, in order', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.integer({ min: 1, max: 5 }), (count, size) => {
        let account = empty;
        for (let index = 0; index < count; index += 1) account = create(account, given(`s${index}`), 100).account;
        const seen: string[] = [];
        for (let after: number | undefined = -1; after !== undefined; ) {
          const { subscriptions, next } = page(account, after, size);
          seen.push(...subscriptions.map((one) => one.subscriptionId));
          after = next;
        }
        expect(seen).toEqual(account.subscriptions.map((one) => one.subscriptionId));
      }),
    );
  });
});

describe('natsClasses', () => {
  test('whole classes are all that can be asked for', () => {
    expect(natsClasses(everyEvent)).toEqual(['call', 'reaction', 'billing']);
    expect(natsClasses({ ...everyEvent, types: ['billing.*', 'call.*'] })).toEqual(['call', 'billing']);
  });

  test.each([
    ['filter.types[1]', { types: ['call.*', 'call.completed'] }],
    ['filter.types[0]', { types: ['app.*'] }],
    ['filter.call_ids', { callIds: ['CA1'] }],
    ['filter.from', { from: ['+1'] }],
    ['filter.to', { to: ['+1'] }],
    ['filter.directions', { directions: ['inbound'] }],
  ])('names %s as what cannot', (field, narrower) => {
    expect(() => natsClasses({ ...everyEvent, ...narrower })).toThrow(
      expect.objectContaining({ code: 'subscription.invalid_filter', details: { violations: [expect.objectContaining({ field })] } }),
    );
  });
});
