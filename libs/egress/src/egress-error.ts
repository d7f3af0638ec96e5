import { ParleyError, parleyError, type ErrorCode } from '@parley/errors';

const codes: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/^UND_ERR_CONNECT_TIMEOUT$|^ETIMEDOUT$/, 'egress.connect_timeout', 'the connection took too long'],
  [/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO$)/, 'egress.tls_failed', 'the TLS handshake or the certificate failed'],
  [/^(HPE_|UND_ERR_RESPONSE|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_)/, 'egress.protocol_error', 'the answer is not HTTP'],
];

/** What undici, the sockets and our own checks throw, as a code of the table. */
export function asEgressError(error: unknown): ParleyError {
  const chain = causes(error);
  const own = chain.find((item) => item instanceof ParleyError);
  if (own !== undefined) {
    return own;
  }
  const names = chain.map(codeOf);
  const match = codes.find(([pattern]) => names.some((name) => pattern.test(name)));
  const [, code, text] = match ?? [undefined, 'egress.connect_failed' as const, 'the connection failed'];
  return parleyError(code, text, { cause: error });
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let item = error; item !== undefined && item !== null && chain.length < 8; item = (item as { cause?: unknown }).cause) {
    chain.push(item);
  }
  return chain;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
