// An application server lets a browser, which holds no key, subscribe: node:crypto is all that it takes.
import { createHmac } from 'node:crypto';

export interface VerificationTokenRequest {
  /** Of CreateVerificationKey's answer, the secret as it stands there (base64url). */
  readonly keyId: string;
  readonly secret: string;
  readonly account: string;
  /** The URL that the browser is going to ask for, without its query. */
  readonly url: string;
  /** What the browser is to see: the parameters of the stream's query that filter, e.g. `types` and `call_id`, and no others. */
  readonly filter: URLSearchParams;
  /** Seconds since 1970; at most a day from when it is used. */
  readonly expiry: number;
}

/** The token for the stream's query. The browser can ask for this account, URL and filter with it, until it expires. */
export function verificationToken({ keyId, secret, account, url, filter, expiry }: VerificationTokenRequest): string {
  const sorted = new URLSearchParams(filter);
  sorted.sort();
  const fields = ['v1', keyId, account, url, sorted.toString(), String(expiry)];
  const content = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join('');
  const seal = createHmac('sha256', Buffer.from(secret, 'base64url')).update(content).digest('base64url');
  return `v1.${keyId}.${expiry}.${seal}`;
}

/** What the application server hands to the browser: `new EventSource(...)` of it, or a WebSocket with the scheme `wss`. */
export function browserStreamUrl(request: VerificationTokenRequest): string {
  const query = new URLSearchParams(request.filter);
  query.set('account', request.account);
  query.set('verification_token', verificationToken(request));
  return `${request.url}?${query.toString()}`;
}
