import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redact, redactText } from './index.ts';

const secrets = {
  address: 'client:alice.smith',
  number: '+4915112345678',
  encoded: 'client%3Aalice.smith',
  encodedNumber: '%2B4915112345678',
  token: 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl',
  webhook: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  signing: 'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  verification: 'v1.vk-5f0c2e9a41d7b386.1767269400.cd6_xnDqTQZpvJFcWW2DNmnYEYumMfVVumTGLeNgh78',
};
const traces = ['alice', '4915112345678', 'eyJ', 'MfKQ9r8GKY', 'cd6_xnDq', 'hunter2'];

function expectClean(value: unknown): void {
  const text = JSON.stringify(value);
  for (const trace of traces) {
    expect(text).not.toContain(trace);
  }
}

describe('a text', () => {
  test.each(Object.entries(secrets))('loses %s wherever it stands', (_, secret) => {
    for (const text of [secret, `to ${secret}`, `"${secret}"`, `(${secret})`, `a=${secret}&b=1`, `${secret}, then`, `acme/${secret}`]) {
      expectClean(redactText(text));
    }
  });

  test('loses the credentials, query and fragment of URLs, and keeps the rest', () => {
    expect(redactText('POST https://user:hunter2@app.example/voice?token=hunter2#x failed')).toBe('POST https://app.example/voice failed');
    expect(redactText('mongodb://u:hunter2@db:27017/x?authSource=admin')).toBe('mongodb://db:27017/x');
  });

  test('keeps what is no personal data', () => {
    const text = '2026-01-02T03:04:05.678+0100 CA0123456789abcdef0123456789abcdef seq 12 at evt.call.07.acme took +12 ms';
    expect(redactText(text)).toBe(text);
  });

  test('stays as it is when redacted again', () => {
    fc.assert(fc.property(fc.string(), fc.constantFrom(...Object.values(secrets)), (around, secret) => {
      const once = redactText(`${around} ${secret} ${around}`);
      expect(redactText(once)).toBe(once);
    }));
  });
});

describe('a value', () => {
  test('loses fields by their name, at any depth', () => {
    const clean = redact({
      callId: 'CA1',
      from: 'alice',
      nested: { To: 'alice', list: [{ 'access-token': 'alice' }, { webhook_secret: 'alice' }], 'parley.address': 'alice' },
    });
    expectClean(clean);
    expect(clean).toMatchObject({ callId: 'CA1', from: '[redacted]' });
  });

  test('loses what its texts hold, in errors and their causes too', () => {
    const error = Object.assign(new Error(`no route to ${secrets.address}`, { cause: new Error(`dial ${secrets.number}`) }), { code: 'x', details: { note: secrets.token } });
    const clean = redact({ err: error }) as { err: Record<string, unknown> };
    expectClean(clean);
    expect(clean.err).toMatchObject({ type: 'Error', code: 'x', message: 'no route to client:[redacted]', cause: { message: 'dial +[redacted]' } });
  });

  test('is something that JSON can hold, whatever it was', () => {
    const circular: Record<string, unknown> = { big: 2n ** 70n, bytes: Buffer.from('alice'), map: new Map([['k', secrets.address]]), time: new Date(0), never: undefined, bad: new Date(Number.NaN) };
    circular['self'] = circular;
    const clean = redact(circular);
    expectClean(clean);
    expect(clean).toMatchObject({ big: '1180591620717411303424', bytes: '[5 bytes]', time: '1970-01-01T00:00:00.000Z', bad: 'Invalid Date' });
  });

  test('any JSON value stays readable', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void JSON.stringify(redact(value))));
  });
});
