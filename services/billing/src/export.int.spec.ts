import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createPublisher } from '@parley/bus';
import { Channel, ExportUsageRequest, IntervalKind, PriceTerms, UsageFormat, UsageRows } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { CloudEvent } from 'cloudevents';
import { parse } from 'csv-parse/sync';
import { alice, bob, CallScript, evidence, interval, originMs } from './test-support/call-script.ts';
import { createSamplePolicy } from './test-support/policy-request.ts';
import { startedBilling, type BillingClient } from './test-support/started-billing.ts';
import { billingEvents, valuesOf } from './test-support/stream-reader.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const service = startedBilling({ nats, database, keys });

const intervals = [evidence(Channel.FACE, 0, 2_000), evidence(Channel.VOICE, 2_000, 3_000), interval(IntervalKind.GRACE_RECOVERED, 3_000, 3_500), evidence(Channel.TEXT, 3_500, 4_000), interval(IntervalKind.ABSENT, 4_000, 5_000)];

/** An account with a call of 5 s, of which 4 are charged, for each start. */
async function accountWithCalls(...startsMs: readonly number[]) {
  const accountId = `account-${randomUUID().slice(0, 8)}`;
  const { billing, authorization } = await service.clients(accountId);
  const { policyId } = await createSamplePolicy(billing, { entryGridMs: 60_000n, prices: PriceTerms.fromPartial({ hostPermille: 333 }) });
  await billing.topUpWallet({ requestId: 'first', address: alice, amount: { currency: 'EUR', micros: 1_000_000n } });
  const publisher = createPublisher(nats.bus);
  const callIds: string[] = [];
  for (const startMs of startsMs) {
    const script = new CallScript(accountId, startMs);
    callIds.push(script.callId);
    const granted = await authorization.authorizeCharge({ callId: script.callId, from: alice, to: bob, policyId });
    for (const event of [script.initiated(granted.authorization), script.videoStarted('caller'), script.observing('caller'), script.progress('caller', intervals), script.ended('caller', 5_000), script.completed(5_000)]) {
      await publisher.publish(event);
    }
    await eventually(async () => expect(valuesOf(await billingEvents(nats.bus, script), 'settled')).toHaveLength(1));
  }
  return { accountId, billing, callIds, policyId };
}

async function exported(billing: BillingClient, request: Parameters<typeof ExportUsageRequest.fromPartial>[0]): Promise<{ text: string; progress: [bigint, bigint][] }> {
  let text = '';
  const progress: [bigint, bigint][] = [];
  for await (const part of await billing.exportUsage(ExportUsageRequest.fromPartial(request))) {
    text += part.text;
    progress.push([part.lookedAt, part.total]);
  }
  return { text, progress };
}

const linesOf = (text: string): Record<string, unknown>[] => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the usage of an account', () => {
  test('as CSV: a row for each settled call, with what was charged by which channel', async () => {
    const { billing, callIds, policyId } = await accountWithCalls(originMs, originMs + 3_600_000);
    const { text, progress } = await exported(billing, { rows: UsageRows.CALLS, format: UsageFormat.CSV });
    const rows = parse<Record<string, string>>(text, { columns: true, record_delimiter: '\r\n' });
    expect(new Set(rows.map(({ call_id }) => call_id))).toEqual(new Set(callIds));
    expect(rows.length).toBe(2);
    expect(rows.find(({ call_id }) => call_id === callIds[0])).toMatchObject({
      from: alice, to: bob, payer: 'caller', policy_id: policyId, policy_version: '1', settle_reason: 'completed',
      media_origin_time: new Date(originMs).toISOString(), ended_time: new Date(originMs + 5_000).toISOString(),
      charged_ms: '4000', uncharged_ms: '1000', face_ms: '2000', voice_ms: '1000', text_ms: '500', grace_ms: '500', amount: '0.04', currency: 'EUR', host: bob, host_amount: '0.01332',
    });
    expect(Object.keys(rows[0]!).slice(-4)).toEqual(['amount', 'currency', 'host', 'host_amount']);
    expect(progress.at(-1)).toEqual([2n, 2n]);
  });

  test('as JSON lines: each ledger entry, wallet by wallet, whose sums are the balances', async () => {
    const { billing, callIds, accountId } = await accountWithCalls(originMs, originMs);
    await billing.topUpWallet({ requestId: 'other', address: bob, amount: { currency: 'coin:gem', micros: 5_500_000n } });
    const rows = linesOf((await exported(billing, { rows: UsageRows.ENTRIES, format: UsageFormat.JSON_LINES })).text);
    expect(rows.map(({ entry_id, reason, amount, currency, balance_after }) => [entry_id, reason, amount, currency, balance_after])).toEqual([
      [`${accountId}/${alice}/000000000000`, 'top_up', '1.00', 'EUR', '1.00'],
      [`${accountId}/${alice}/000000000001`, 'charge', '0.04', 'EUR', '0.96'],
      [`${accountId}/${alice}/000000000002`, 'charge', '0.04', 'EUR', '0.92'],
      [`${accountId}/${bob}/000000000000`, 'top_up', '5.5', 'coin:gem', '5.5'],
    ]);
    expect(new Set(rows.map(({ call_id }) => call_id))).toEqual(new Set(['', ...callIds]));
    const share = [`host:${accountId}/${bob}`, '0.01332'];
    expect(rows.map(({ share_account, share_amount }) => [share_account, share_amount])).toEqual([['', '0.00'], share, share, ['', '0']]);
  });

  test('as CloudEvents that a meter takes: customer as subject, an id that stays, numbers that can be summed', async () => {
    const { billing, callIds, accountId } = await accountWithCalls(originMs);
    const once = (await exported(billing, { rows: UsageRows.CALLS, format: UsageFormat.CLOUD_EVENTS })).text;
    expect((await exported(billing, { rows: UsageRows.CALLS, format: UsageFormat.CLOUD_EVENTS })).text).toBe(once);
    // The SDK checks the event against the specification's schema.
    const events = linesOf(once).map((event) => new CloudEvent<{ charged_ms: number; amount: string }>(event, true));
    expect(events.map(({ id, source, type, subject, time }) => ({ id, source, type, subject, time }))).toEqual([
      { id: callIds[0], source: `/${accountId}/billing`, type: 'parley.usage.call', subject: alice, time: new Date(originMs + 5_000).toISOString() },
    ]);
    expect([events[0]!.data!.charged_ms, Number(events[0]!.data!.amount)]).toEqual([4_000, 0.04]);
  });

  test('within a half-open time, in batches that tell how far they are', async () => {
    const { billing } = await accountWithCalls();
    for (let nth = 0; nth < 105; nth += 1) await billing.topUpWallet({ requestId: `more-${nth}`, address: alice, amount: { currency: 'EUR', micros: 1n } });
    const all = await exported(billing, { rows: UsageRows.ENTRIES, format: UsageFormat.JSON_LINES });
    expect([linesOf(all.text).length, all.progress]).toEqual([106, [[100n, 106n], [106n, 106n]]]);
    const times = linesOf(all.text).map(({ time }) => Date.parse(String(time)));
    const [fromTime, toTime] = [new Date(times[10]!), new Date(times[60]!)];
    const some = linesOf((await exported(billing, { rows: UsageRows.ENTRIES, format: UsageFormat.JSON_LINES, fromTime, toTime })).text);
    expect(some.length).toBe(times.filter((time) => fromTime.getTime() <= time && time < toTime.getTime()).length);
  });

  test('shows nothing of another account; an account without any gets no line', async () => {
    await accountWithCalls(originMs);
    const { billing } = await service.clients(`account-${randomUUID().slice(0, 8)}`);
    for (const rows of [UsageRows.CALLS, UsageRows.ENTRIES]) {
      expect((await exported(billing, { rows, format: UsageFormat.CSV })).text).toBe('');
    }
  });

  test('text that a spreadsheet would take for a formula is none', async () => {
    const { billing } = await service.clients(`account-${randomUUID().slice(0, 8)}`);
    await billing.topUpWallet({ requestId: '=HYPERLINK("//evil")', address: '+4930123', amount: { currency: 'EUR', micros: 1n } });
    const { text } = await exported(billing, { rows: UsageRows.ENTRIES, format: UsageFormat.CSV });
    expect(parse<Record<string, string>>(text, { columns: true })[0]!['cause_id']).toBe('\'=HYPERLINK("//evil")');
  });

  test.each([
    ['no rows', { format: UsageFormat.CSV }, ['rows']],
    ['nothing', {}, ['rows', 'format']],
    ['a time that ends before it begins', { rows: UsageRows.CALLS, format: UsageFormat.CSV, fromTime: new Date(2), toTime: new Date(1) }, ['to_time']],
  ])('of %s is refused', async (_name, request, fields) => {
    const { billing } = await service.clients('acme');
    await expect(exported(billing, request)).rejects.toMatchObject({ code: 'request.invalid_argument', details: { violations: fields.map((field) => expect.objectContaining({ field })) } });
  });
});
