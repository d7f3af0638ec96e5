import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { SignatureScheme, SigningKey } from '../domain/signing-keys.ts';

const secretBytes = 32;

/** A fresh key, serialised as Standard Webhooks 1.0 says. */
export function newSigningKey(scheme: SignatureScheme, createTimeMs: number): SigningKey {
  const keyId = `whk-${randomBytes(8).toString('hex')}`;
  return { keyId, ...(scheme === 'ed25519' ? keyPair() : sharedSecret()), createTimeMs };
}

function sharedSecret(): Pick<SigningKey, 'secret' | 'publicKey'> {
  return { secret: `whsec_${randomBytes(secretBytes).toString('base64')}`, publicKey: '' };
}

/** The private key is its seed and the public key, 64 bytes, as those who issue such keys write it. */
function keyPair(): Pick<SigningKey, 'secret' | 'publicKey'> {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d!, 'base64url');
  const publicKey = Buffer.from(x!, 'base64url');
  return { secret: `whsk_${Buffer.concat([seed, publicKey]).toString('base64')}`, publicKey: `whpk_${publicKey.toString('base64')}` };
}
