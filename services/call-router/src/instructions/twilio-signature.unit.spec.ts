import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import twilio from 'twilio';
import { twilioSignature } from './twilio-signature.ts';

const key = 'a0b1c2d3e4f5';

test('the stock twilio package takes our signature, and none over something else', () => {
  const url = fc.webUrl({ withQueryParameters: true }).map((text) => new URL(text).href);
  const form = fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,12}$/), fc.string({ unit: 'grapheme' }), { noNullPrototype: true });
  fc.assert(
    fc.property(url, form, (url, form) => {
      const signature = twilioSignature(key, url, form);
      expect(twilio.validateRequest(key, signature, url, form)).toBe(true);
      expect(twilio.validateRequest('another key', signature, url, form)).toBe(false);
      expect(twilio.validateRequest(key, signature, url, { ...form, CallSid: 'forged' })).toBe(false);
    }),
  );
});

test("Twilio's own example", () => {
  const form = { CallSid: 'CA1234567890ABCDE', Caller: '+14158675310', Digits: '1234', From: '+14158675310', To: '+18005551212' };
  expect(twilioSignature('12345', 'https://example.com/myapp.php?foo=1&bar=2', form)).toBe('L/OH5YylLD5NRKLltdqwSvS0BnU=');
});
