import { describe, expect, test } from '@jest/globals';
import { ChargeReason, DisputeState, PolicyTerms, Receipt, ReceiptCopy, type ReceiptLine } from '@parley/contracts';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { correctionWords } from './corrections-section.ts';
import { receiptPage } from './receipt-page.ts';
import { reasonWords } from './reason-words.ts';

const euro = (micros: bigint) => ({ currency: 'EUR', micros });
const line = (fromMs: bigint, toMs: bigint, reason: ChargeReason, micros = 0n): ReceiptLine => ({ fromMs, toMs, reason, charged: micros > 0n, amount: euro(micros), bandPermille: 0 });

function receipt(changes: Partial<Receipt> = {}): Receipt {
  const lines = [
    line(0n, 1_000n, ChargeReason.FREE_PERIOD),
    line(1_000n, 63_500n, ChargeReason.FACE, 625_000n),
    line(63_500n, 70_001n, ChargeReason.ABSENT),
    line(70_001n, 70_002n, ChargeReason.VOICE, 10n),
  ];
  return Receipt.fromPartial({ callId: 'CA1', walletId: 'acme/client:alice', policy: { policyId: 'pol-1', version: 3 }, lines, chargedMs: 62_501n, unchargedMs: 7_501n, total: euro(625_010n), settled: true, settleReason: 'completed', ...changes });
}

interface Page {
  readonly html: { readonly body: { readonly table: { readonly tbody: { readonly tr: readonly { readonly td: readonly unknown[] }[] } }; readonly svg?: { readonly g: readonly { readonly rect: Record<string, string> }[] } } };
}

/** The page keeps to what is also XML, so that any parser can say whether it is whole. */
function parsed(page: string): Page {
  expect(XMLValidator.validate(page)).toBe(true);
  return new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'tr' || name === 'g', stopNodes: ['*.td'] }).parse(page) as Page;
}

const rowsOf = (page: string): unknown[][] => parsed(page).html.body.table.tbody.tr.map(({ td }) => [...td]);

describe('the page of a receipt', () => {
  test('accounts for each moment, with its reason in words and its exact amount', () => {
    expect(rowsOf(receiptPage(receipt()))).toEqual([
      ['0:00.000', '0:01.000', '0:01.000', '<b>f free period</b>, not charged. The first time of the call, which is free.', '0.00 EUR'],
      ['0:01.000', '1:03.500', '1:02.500', '<b>F face</b>. The face of the other side was seen.', '0.625 EUR'],
      ['1:03.500', '1:10.001', '0:06.501', '<b>a absent</b>, not charged. Face, voice and text had all been absent for as long as the policy waits.', '0.00 EUR'],
      ['1:10.001', '1:10.002', '0:00.001', '<b>V voice</b>. No face was seen, but the other side spoke.', '0.00001 EUR'],
    ]);
    expect(receiptPage(receipt())).toContain('0.62501 EUR');
  });

  test('tells the one who was seen about themselves, and has a sentence for each reason', () => {
    const copy = ReceiptCopy.COUNTERPART;
    const page = receiptPage(receipt({ copy, walletId: '' }));
    expect(rowsOf(page)[1]![3]).toBe('<b>F face</b>. Your face was seen.');
    expect(page).toContain('<dt>Copy for</dt><dd>the side that was seen</dd>');
    expect(page).not.toContain('Paid from');
    for (const { explained, explainedToSeen } of Object.values(reasonWords)) expect([explained, explainedToSeen]).toEqual([expect.stringMatching(/^[A-Z].*\.$/), expect.stringMatching(/^[A-Z].*\.$/)]);
  });

  test('shows amounts in the digits of their currency, and coins', () => {
    const of = (currency: string) => receiptPage(receipt({ lines: [], total: { currency, micros: 5_000_000n } }));
    expect([of('JPY'), of('KWD'), of('coin:gem')].map((page) => /<td>(5[^<]*)<\/td>/.exec(page)?.[1])).toEqual(['5 JPY', '5.000 KWD', '5 coin:gem']);
  });

  test('draws all of the call, without a gap, charged time higher than other time', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ lengthMs: fc.bigInt({ min: 1n, max: 3_000_000n }), reason: fc.constantFrom(1, 4, 6, 8, 11), micros: fc.constantFrom(0n, 7n) }), { minLength: 1, maxLength: 30 }), (parts) => {
        let atMs = 0n;
        const lines = parts.map(({ lengthMs, reason, micros }) => line(atMs, (atMs += lengthMs), reason, micros));
        const bars = parsed(receiptPage(receipt({ lines }))).html.body.svg!.g.map(({ rect }) => rect);
        let x = 0;
        for (const [nth, bar] of bars.entries()) {
          expect(Number(bar['@_x'])).toBeCloseTo(x, 6);
          expect(bar['@_height']).toBe(lines[nth]!.charged ? '60' : '30');
          x = Number(bar['@_x']) + Number(bar['@_width']);
        }
        expect(x).toBeCloseTo(1000, 6);
      }),
      { numRuns: 50 },
    );
  });

  const time = new Date('2026-11-27T12:00:00Z');
  const corrected = (reason = 'nobody was there') =>
    receipt({
      corrections: [
        { kind: 'refund', time, reason, actor: 'ops@acme', difference: euro(-25_000n), policyId: '', policyVersion: 0 },
        { kind: 'rerating', time, reason: 'wrong rate', actor: 'ops@acme', difference: euro(100_000n), policyId: 'pol-1', policyVersion: 4 },
      ],
      correctedTotal: euro(700_010n),
    });

  test('shows what was corrected, from what was settled to what the call costs now, and not who did it', () => {
    const page = receiptPage(corrected());
    expect(XMLValidator.validate(page)).toBe(true);
    const [, table = ''] = /<table class="corrections">([^]*?)<\/table>/.exec(page) ?? [];
    expect([...table.matchAll(/<td>([^<]*)<\/td>/g)].map(([, text]) => text)).toEqual(
      [
        ['', 'Settled at', '', '0.62501 EUR'],
        ['2026-11-27 12:00:00 UTC', 'Refund', 'nobody was there', '-0.025 EUR'],
        ['2026-11-27 12:00:00 UTC', 'Rated anew by pol-1, version 4', 'wrong rate', '0.10 EUR'],
        ['0.70001 EUR'],
      ].flat(),
    );
    expect(page).toContain('<dt>Total</dt><dd>0.70001 EUR</dd>');
    expect(page).not.toContain('ops@acme');
    expect(receiptPage(receipt())).not.toContain('Corrections');
  });

  test('shows each dispute and how it ended', () => {
    const opened = { time, reason: 'nobody was there.', actor: 'ops@acme' };
    const resolved = { time, reason: 'so it was.', actor: 'ops@acme' };
    const dispute = (state: DisputeState, ended = resolved as typeof resolved | undefined) => ({ disputeId: 'd', state, opened, resolved: ended, amount: euro(5_000n) });
    const page = receiptPage(receipt({ disputes: [dispute(DisputeState.OPEN, undefined), dispute(DisputeState.ACCEPTED), dispute(DisputeState.REJECTED)] }));
    expect(XMLValidator.validate(page)).toBe(true);
    const begun = 'Since 2026-11-27 12:00:00 UTC: nobody was there.';
    expect([...page.matchAll(/<li>([^<]*)<\/li>/g)].map(([, text]) => text)).toEqual([
      `${begun} It is open.`,
      `${begun} Accepted, 0.005 EUR given back, 2026-11-27 12:00:00 UTC: so it was.`,
      `${begun} Rejected, 2026-11-27 12:00:00 UTC: so it was.`,
    ]);
  });

  test('tells who was seen their share, after what was corrected, and the payer nothing of it', () => {
    const policy = { policyId: 'pol-1', version: 3, terms: PolicyTerms.fromPartial({ prices: { hostPermille: 333 } }) };
    const copy = { ...corrected(), policy, copy: ReceiptCopy.COUNTERPART, hostShare: euro(233_103n) };
    expect(XMLValidator.validate(receiptPage(copy))).toBe(true);
    const sharesOf = (page: string) => [...page.matchAll(/<p class="share">([^<]*)<\/p>/g)].map(([, text]) => text);
    expect(sharesOf(receiptPage(copy))).toEqual(['Your share, 33.3 % of what the call costs after all corrections: 0.233103 EUR.']);
    expect(receiptPage(copy).indexOf('Your share')).toBeGreaterThan(receiptPage(copy).indexOf('Total after corrections'));
    expect(sharesOf(receiptPage({ ...copy, settled: false }))).toEqual(['Your share, 33.3 % of what the call costs so far: 0.233103 EUR.']);
    expect(sharesOf(receiptPage({ ...copy, hostShare: undefined }))).toEqual([]);
  });

  test('has words for every kind of correction', () => {
    expect(Object.keys(correctionWords).sort()).toEqual(['dispute', 'late_reaction', 'refund', 'rerating']);
  });

  test('loads nothing, runs nothing, and shows hostile text as text', () => {
    const hostile = '"><script>alert(1)</script><img src=x onerror=\'a\'>&amp;';
    const page = receiptPage(receipt({ callId: hostile, walletId: hostile, settleReason: hostile }));
    parsed(page);
    expect(receiptPage(corrected(hostile))).not.toContain('<script');
    expect(page).not.toMatch(/<script|<img|onerror='|https?:|url\((?!#)|@import/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;a&#39;&gt;&amp;amp;');
  });

  test('of a call that goes on, or in which nothing was observed, says so', () => {
    const page = receiptPage(receipt({ lines: [], settled: false, settleReason: '' }));
    expect(page).toContain('Nothing was observed.');
    expect(page).toContain('The call goes on, or its last reactions are still awaited.');
  });

  test('has words for every reason, and a letter of its own for each', () => {
    const reasons = Object.values(ChargeReason).filter((reason) => typeof reason === 'number' && reason > 0);
    expect(Object.keys(reasonWords).map(Number)).toEqual(reasons);
    expect(new Set(Object.values(reasonWords).map(({ letter }) => letter)).size).toBe(reasons.length);
  });
});
