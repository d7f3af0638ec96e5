import { createHmac, createPrivateKey, createSecretKey, sign, type KeyObject } from 'node:crypto';
import type { SigningKey } from '../domain/webhook-subscription.ts';

// Standard Webhooks, "Signature scheme": what is signed is `id.timestamp.body`; v1 is HMAC-SHA256 with a `whsec_` secret,
// v1a is ed25519 with a `whsk_` private key, whose holder of the `whpk_` public key verifies.

/** What a receiver needs to check what it got. */
export interface Signed {
  readonly id: string;
  /** Whole seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
}

type Sign = (content: string) => string;

/** Keys are read once, not for each attempt. */
const signers = new WeakMap<SigningKey, Sign>();

/**
 * The webhook-signature header: a signature by each key, separated by spaces.
 * @throws Error a key that cannot be read
 */
export function signatureHeader({ id, timestamp, body }: Signed, keys: readonly SigningKey[]): string {
  const content = `${id}.${timestamp}.${body}`;
  return keys.map((key) => signerOf(key)(content)).join(' ');
}

function signerOf(key: SigningKey): Sign {
  const known = signers.get(key);
  if (known !== undefined) return known;
  const signer = newSigner(key.secret);
  signers.set(key, signer);
  return signer;
}

function newSigner(secret: string): Sign {
  const [, prefix, base64] = /^(whsec_|whsk_)?(.*)$/s.exec(secret) ?? [];
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (bytes.length === 0) throw new Error('the signing key is empty');
  return prefix === 'whsk_' ? ed25519Signer(bytes) : hmacSigner(createSecretKey(bytes));
}

function hmacSigner(key: KeyObject): Sign {
  return (content) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

const seedBytes = 32;
/** PKCS #8 of an ed25519 key, up to the seed (RFC 8410, 7). */
const pkcs8Header = Buffer.from('302e020100300506032b657004220420', 'hex');

/** @param bytes the seed, or the seed and the public key behind it: both are usual. */
function ed25519Signer(bytes: Buffer): Sign {
  if (bytes.length !== seedBytes && bytes.length !== 2 * seedBytes) throw new Error('the signing key is no ed25519 key');
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Header, bytes.subarray(0, seedBytes)]), format: 'der', type: 'pkcs8' });
  return (content) => `v1a,${sign(null, Buffer.from(content), key).toString('base64')}`;
}
