import { ParleyError, parleyError, type ErrorCode } from '@parley/errors';

const codes: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/^UND_ERR_CONNECT_TIMEOUT$|^ETIMEDOUT$/, 'egress.connect_timeout', 'the connection took too long'],
  [/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO$)/, 'egress.tls_failed', 'the TLS handshake or the certificate failed'],
  [/^(HPE_|HTTPParserError$|UND_ERR_RESPONSE|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_)/, 'egress.protocol_error', 'the answer is not HTTP'],
];

/** What undici, the sockets and our own checks throw, as a code of the table. */
export function asEgressError(error: unknown): ParleyError {
  const chain = causes(error);
  const own = chain.find((item) => item instanceof ParleyError);
  if (own !== undefined) {
    return own;
  }
  const names = chain.flatMap(namesOf);
  const match = codes.find(([pattern]) => names.some((name) => pattern.test(name)));
  const [, code, text] = match ?? [undefined, 'egress.connect_failed' as const, 'the connection failed'];
  return parleyError(code, text, { cause: error });
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let item = error; typeof item === 'object' && item !== null && chain.length < 8; item = (item as { cause?: unknown }).cause) {
    chain.push(item);
  }
  return chain;
}

/** undici's parser errors have a name of their own, and a code not always. */
function namesOf(error: unknown): string[] {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].filter((text) => typeof text === 'string');
}
