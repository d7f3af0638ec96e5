import { expect, test } from '@jest/globals';
import { ChargeAuthorization, Party, PolicyTerms } from '@parley/contracts';
import { authorization } from '../test-support/billing-server.ts';
import { chargeFromProto, chargeProto } from './convert-charge.ts';

test('what billing granted travels through the call unaltered', () => {
  const granted = authorization(12_345n);
  expect(chargeProto(chargeFromProto(granted))).toEqual(granted);
  // A term that billing may add has to be taken along: each is set in the example.
  expect(Object.keys(granted.policy!.terms!).sort()).toEqual(Object.keys(PolicyTerms.create()).sort());
});

test('an answer that a call cannot be charged by is none', () => {
  const nothing = ChargeAuthorization.create();
  const withoutPolicy = ChargeAuthorization.create({ payer: Party.CALLER });
  const withoutRounding = ChargeAuthorization.create({ payer: Party.CALLER, policy: { terms: {} } });
  for (const broken of [nothing, withoutPolicy, withoutRounding]) expect(() => chargeFromProto(broken)).toThrow('incomplete');
});
