import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { signatureHeader, type Signed } from './signature.ts';

const key = (secret: string) => ({ secret, expiresAt: undefined });
const hmacSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const signed: Signed = { id: 'CA1-call-0', timestamp: Math.floor(Date.now() / 1_000), body: '{"text":"hällo “ÿ”"}' };
const headers = (signature: string) => ({ 'webhook-id': signed.id, 'webhook-timestamp': String(signed.timestamp), 'webhook-signature': signature });
const verifies = (secret: string, signature: string, body = signed.body) => () => new Webhook(secret).verify(body, headers(signature));

function newKeyPair() {
  const pair = generateKeyPairSync('ed25519');
  const { d, x } = pair.privateKey.export({ format: 'jwk' });
  const [seed, publicBytes] = [Buffer.from(d!, 'base64url'), Buffer.from(x!, 'base64url')];
  return { ...pair, seed: `whsk_${seed.toString('base64')}`, whole: `whsk_${Buffer.concat([seed, publicBytes]).toString('base64')}` };
}

describe('a shared secret', () => {
  test('signs as the stock package verifies', () => {
    const secret = hmacSecret();
    const signature = signatureHeader(signed, [key(secret)]);
    expect(verifies(secret, signature)).not.toThrow();
    expect(verifies(hmacSecret(), signature)).toThrow('No matching signature');
    expect(verifies(secret, signature, '{}')).toThrow('No matching signature');
  });

  test('while it is rotated, a receiver that knows the old one or the new one is content', () => {
    const [newer, older] = [hmacSecret(), hmacSecret()];
    const signature = signatureHeader(signed, [key(newer), key(older)]);
    expect(signature.split(' ')).toHaveLength(2);
    for (const secret of [newer, older]) expect(verifies(secret, signature)).not.toThrow();
  });

  test('that is empty is refused', () => {
    expect(() => signatureHeader(signed, [key('whsec_')])).toThrow();
  });
});

describe('an ed25519 key', () => {
  test.each(['seed', 'whole'] as const)('given as its %s signs, and the public key verifies', (form) => {
    const pair = newKeyPair();
    const [version, signature] = signatureHeader(signed, [key(pair[form])]).split(',');
    expect(version).toBe('v1a');
    const content = `${signed.id}.${signed.timestamp}.${signed.body}`;
    const isGood = (text: string, publicKey = pair.publicKey) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature!, 'base64'));
    expect([isGood(content), isGood(`${content} `), isGood(content, newKeyPair().publicKey)]).toEqual([true, false, false]);
  });

  test('of the wrong length is refused', () => {
    expect(() => signatureHeader(signed, [key(`whsk_${randomBytes(31).toString('base64')}`)])).toThrow('ed25519');
  });

  test('beside a shared secret: each receiver finds its own signature', () => {
    const secret = hmacSecret();
    const signature = signatureHeader(signed, [key(newKeyPair().seed), key(secret)]);
    expect(signature).toMatch(/^v1a,\S+ v1,\S+$/);
    expect(verifies(secret, signature)).not.toThrow();
  });
});
