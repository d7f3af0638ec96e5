import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Party, Payer, PriceTerms, type Receipt } from '@parley/contracts';
import { deliveryFaults, usualSetting, type Scene, type SceneSetting } from '@parley/examples';
import { startTestSystem, type TestSystem } from './test-system.ts';

/** Who is called pays, too: the number, whoever answers it. */
const number = '+15550100';
const balanceMicros = 9_000_000n;
const setting: SceneSetting = {
  terms: { ...usualSetting.terms, rateMicros: 1_000_000n, unitMs: 1_000n, freePeriodMs: 0n, prices: PriceTerms.fromPartial({ payer: Payer.EACH, hostPermille: 250 }), grantMs: 4_000n },
  balanceMicros,
  acts: [{ name: 'a face', fromMs: 0, toMs: 3_000, camera: 'person' }],
};

let system: TestSystem;
let scene: Scene;
let callId: string;
const receipts = new Map<Party, Receipt>();

beforeAll(async () => {
  system = await startTestSystem();
  scene = await system.prepareScene(setting);
  await scene.api.billing.topUpWallet({ requestId: 'of-the-number', address: number, amount: { currency: 'EUR', micros: balanceMicros } });
  const call = await scene.placeCall();
  callId = call.callId;
  // Alice sees Bob, and Bob nobody.
  await call.playVideo('alice');
  await call.hangUp();
  await scene.delivered(callId, 60_000);
  for (const payer of [Party.CALLER, Party.CALLEE]) receipts.set(payer, (await scene.api.billing.getReceipt({ callId, payer })).receipt!);
}, 180_000);
afterAll(async () => {
  await scene?.close();
  await system?.stop();
}, 60_000);

describe('a call in which each side pays for its view of the other', () => {
  test('is delivered on every transport, without a gap in any source, with a settlement for each', () => {
    expect(deliveryFaults(scene.deliveries, callId)).toEqual([]);
    const settled = scene.deliveries.webhook.filter(({ type, subject }) => type === 'billing.settled' && subject === callId);
    expect(new Set(settled.map(({ source }) => source))).toEqual(new Set(['caller', 'callee'].map((side) => `/acme/calls/${callId}/billing/${side}`)));
  });

  test('is charged to each by what it saw', async () => {
    const { billing } = scene.api;
    const [caller, callee] = [receipts.get(Party.CALLER)!, receipts.get(Party.CALLEE)!];
    expect(caller).toMatchObject({ walletId: 'acme/client:alice', payer: Party.CALLER, settled: true });
    expect(callee).toMatchObject({ walletId: `acme/${number}`, payer: Party.CALLEE, settled: true, chargedMs: 0n, total: { micros: 0n } });
    expect(caller.chargedMs).toBeGreaterThan(2_000n);
    for (const [address, { total }] of [['client:alice', caller], [number, callee]] as const) {
      expect((await billing.getWallet({ address })).wallet).toMatchObject({ balance: { micros: balanceMicros - total!.micros }, reserved: { micros: 0n } });
    }
    const { entries } = await billing.listLedgerEntries({ address: 'client:alice', pageSize: 100, pageToken: '' });
    const shares = entries.filter((entry) => entry.callId === callId);
    expect(new Set(shares.map(({ shareAccount }) => shareAccount))).toEqual(new Set([`host:acme/${number}`]));
    expect(shares.reduce((sum, { share }) => sum + share!.micros, 0n)).toBe(caller.total!.micros / 4n);
  });

  test.each([Party.CALLER, Party.CALLEE])('what is charged to side %i follows from the published events', async (payer) => {
    expect(await scene.api.billing.explainCharge({ callId, payer })).toMatchObject({ identical: true, differences: [], receipt: receipts.get(payer) });
  });
});
