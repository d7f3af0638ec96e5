import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParleyError } from '@parley/errors';
import { everyEvent } from '@parley/filters';
import type { Account } from './account.ts';
import { addedClasses, create, find, page, remove, rewind, rotateKey, update, type NewSubscription, type Update } from './account-subscriptions.ts';
import { madeBy } from './request-key.ts';
import type { SigningKey } from './signing-keys.ts';
import { natsClasses, type Sink } from './sink.ts';
import { defaultSettings } from './settings.ts';
import { etagOf } from './subscription.ts';

const key: SigningKey = { keyId: 'k1', secret: 'whsec_AAAA', publicKey: '', createTimeMs: 1 };
const webhook: Sink = { kind: 'webhook', url: 'https://example.com/', scheme: 'hmac-sha256', keys: [key] };
const nats: Sink = { kind: 'nats' };
const empty: Account = { accountId: 'acme', nextRevision: 0, subscriptions: [], settings: defaultSettings };
const given = (id: string, sink: Sink = webhook): NewSubscription => ({
  subscriptionId: id,
  filter: everyEvent,
  sink,
  startsAfter: { CALL_EVENTS: 7 },
  createTimeMs: 1,
  request: { requestId: `request-${id}`, digest: 'd' },
});
const later = { nowMs: 5, etag: '' };
const change: Update = { filter: everyEvent, paused: false, startsAfter: {} };
const code = (code: string) => expect.objectContaining({ code });

describe('an account with subscriptions', () => {
  test('given none, when one is created, then it is there and not paused', () => {
    const { account, changed, deleted } = create(empty, given('s1'), 10);
    expect(find(account, 's1')).toEqual(changed);
    expect(changed).toMatchObject({ paused: false, revision: 0, rewind: 0, createTimeMs: 1, updateTimeMs: 1, startsAfter: { CALL_EVENTS: 7 } });
    expect(deleted).toBe(false);
  });

  test('given as many as are allowed, when one more is created, then it is refused', () => {
    const { account } = create(empty, given('s1'), 1);
    expect(() => create(account, given('s2'), 1)).toThrow(code('subscription.limit_reached'));
    expect(() => create(remove(account, 's1', '').account, given('s2'), 1)).not.toThrow();
  });

  test('given a NATS sink, when another is created, then it is refused; a webhook is not', () => {
    const { account } = create(empty, given('s1', nats), 10);
    expect(() => create(account, given('s2', nats), 10)).toThrow(code('subscription.sink_exists'));
    expect(() => create(account, given('s2'), 10)).not.toThrow();
  });

  test('given a request, when it comes again, then it is known; with another body it is refused', () => {
    const { account, changed } = create(empty, given('s1'), 10);
    expect(madeBy(account.subscriptions, { requestId: 'request-s1', digest: 'd' })).toEqual(changed);
    expect(madeBy(account.subscriptions, { requestId: 'request-s2', digest: 'd' })).toBeUndefined();
    expect(() => madeBy(account.subscriptions, { requestId: 'request-s1', digest: 'other' })).toThrow(code('request.idempotency_conflict'));
  });

  test('given one, when it is updated, then what is given is replaced and nothing else', () => {
    const { account, changed: before } = create(empty, given('s1'), 10);
    const filter = { ...everyEvent, types: ['call.completed'] };
    const changes: [Omit<Update, 'startsAfter'>, object][] = [
      [{ filter }, { filter }],
      [{ paused: true }, { paused: true }],
      [{ url: 'https://example.com/new' }, { sink: { ...webhook, url: 'https://example.com/new' } }],
    ];
    for (const [wanted, expected] of changes) {
      const { changed } = update(account, 's1', { ...wanted, startsAfter: {} }, later);
      expect(changed).toEqual({ ...before, ...expected, revision: 1, updateTimeMs: 5, created: before });
    }
  });

  test('given one that was changed again and again, then it is still known as it was created', () => {
    const { account: first, changed: created } = create(empty, given('s1'), 10);
    const { account: second } = update(first, 's1', { paused: true, startsAfter: {} }, later);
    const { changed } = rewind(second, 's1', { CALL_EVENTS: 3 }, 9);
    expect(changed.created).toEqual(created);
  });

  test('given an etag, when the state is another one, then update and deletion are refused', () => {
    const { account: first, changed: created } = create(empty, given('s1'), 10);
    const { account: second, changed } = update(first, 's1', change, { nowMs: 5, etag: etagOf(created) });
    expect(() => update(second, 's1', change, { nowMs: 6, etag: etagOf(created) })).toThrow(code('subscription.etag_mismatch'));
    expect(() => remove(second, 's1', etagOf(created))).toThrow(code('subscription.etag_mismatch'));
    expect(() => remove(second, 's1', etagOf(changed))).not.toThrow();
  });

  test('given one, when it is rewound, then it starts elsewhere, each time anew', () => {
    const { account } = create(empty, given('s1'), 10);
    const { account: once } = rewind(account, 's1', { CALL_EVENTS: 3 }, 5);
    const { changed } = rewind(once, 's1', { CALL_EVENTS: 3 }, 6);
    expect(changed).toMatchObject({ startsAfter: { CALL_EVENTS: 3 }, rewind: 2, updateTimeMs: 6 });
  });

  test('given keys that have expired, when anything is changed, then they are forgotten', () => {
    const { account } = create(empty, given('s1'), 10);
    const { account: rotated, changed: both } = rotateKey(account, 's1', { ...key, keyId: 'k2', createTimeMs: 10 }, 5);
    const keysOf = ({ sink }: { sink: Sink }) => (sink.kind === 'webhook' ? sink.keys.map(({ keyId }) => keyId) : []);
    expect(keysOf(both)).toEqual(['k2', 'k1']);
    expect(keysOf(update(rotated, 's1', change, { nowMs: 14, etag: '' }).changed)).toEqual(['k2', 'k1']);
    expect(keysOf(update(rotated, 's1', change, { nowMs: 15, etag: '' }).changed)).toEqual(['k2']);
  });

  test('given a NATS sink, when it is paused, narrowed, redirected or given a key, then that is refused', () => {
    const { account } = create(empty, given('s1', nats), 10);
    expect(() => update(account, 's1', { paused: true, startsAfter: {} }, later)).toThrow(code('subscription.invalid_sink'));
    expect(() => update(account, 's1', { filter: { ...everyEvent, from: ['+1'] }, startsAfter: {} }, later)).toThrow(code('subscription.invalid_filter'));
    expect(() => update(account, 's1', { url: 'https://example.com/', startsAfter: {} }, later)).toThrow(code('subscription.invalid_sink'));
    expect(() => rotateKey(account, 's1', key, 5)).toThrow(code('subscription.invalid_sink'));
  });

  test('given a NATS sink, when its filter lets more classes through, then these start now and the others where they did', () => {
    const billing = { ...everyEvent, types: ['billing.*'] };
    const { account, changed: before } = create(empty, { ...given('s1', nats), filter: billing, startsAfter: { CALL_EVENTS: 7, BILLING_EVENTS: 3 } }, 10);
    expect(addedClasses(before, everyEvent)).toEqual(['call', 'reaction']);
    expect(addedClasses(before, billing)).toEqual([]);
    const { changed } = update(account, 's1', { filter: everyEvent, startsAfter: { CALL_EVENTS: 20 } }, later);
    expect(changed.startsAfter).toEqual({ CALL_EVENTS: 20, BILLING_EVENTS: 3 });
  });

  test('given a webhook, when its filter lets more through, then it starts nowhere else', () => {
    const { changed } = create(empty, { ...given('s1'), filter: { ...everyEvent, types: ['billing.*'] } }, 10);
    expect(addedClasses(changed, everyEvent)).toEqual([]);
  });

  test('what does not exist is not found', () => {
    expect(() => find(empty, 's1')).toThrow(code('not_found.subscription'));
    expect(() => update(empty, 's1', change, later)).toThrow(code('not_found.subscription'));
    expect(() => remove(empty, 's1', '')).toThrow(code('not_found.subscription'));
    expect(() => rewind(empty, 's1', {}, 1)).toThrow(code('not_found.subscription'));
    expect(() => rotateKey(empty, 's1', key, 1)).toThrow(code('not_found.subscription'));
  });
});

describe('whatever happens', () => {
  const commands = fc.array(fc.tuple(fc.constantFrom('create', 'nats', 'update', 'rewind', 'rotate', 'remove'), fc.constantFrom('a', 'b', 'c', 'd')), { maxLength: 40 });

  function run(account: Account, [kind, id]: readonly [string, string]) {
    const target = account.subscriptions.find((one) => one.subscriptionId.startsWith(id))?.subscriptionId ?? id;
    const nowMs = account.nextRevision;
    try {
      if (kind === 'create' || kind === 'nats') return create(account, given(`${id}${account.nextRevision}`, kind === 'nats' ? nats : webhook), 3);
      if (kind === 'update') return update(account, target, change, { nowMs, etag: '' });
      if (kind === 'rewind') return rewind(account, target, {}, nowMs);
      return kind === 'rotate' ? rotateKey(account, target, { ...key, createTimeMs: nowMs }, 3) : remove(account, target, '');
    } catch (error) {
      if (isParleyError(error)) return undefined;
      throw error;
    }
  }

  test('the limit holds, one NATS sink is the only one, revisions grow and no two states have one etag', () => {
    fc.assert(
      fc.property(commands, (given) => {
        let account = empty;
        const revisions: number[] = [];
        const etags: string[] = [];
        for (const command of given) {
          const change = run(account, command);
          if (change === undefined) continue;
          account = change.account;
          revisions.push(change.changed.revision);
          etags.push(etagOf(change.changed));
          expect(account.subscriptions.length).toBeLessThanOrEqual(3);
          expect(account.subscriptions.filter(({ sink }) => sink.kind === 'nats').length).toBeLessThanOrEqual(1);
        }
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
        expect(new Set(etags).size).toBe(etags.length);
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
    ['filter.filters', { filters: [{ exact: { type: 'call.completed' } }] }],
  ])('names %s as what cannot', (field, narrower) => {
    expect(() => natsClasses({ ...everyEvent, ...narrower })).toThrow(
      expect.objectContaining({ code: 'subscription.invalid_filter', details: { violations: [expect.objectContaining({ field })] } }),
    );
  });
});
