import { types } from 'node:util';

/**
 * Names of fields that hold personal data or secrets, whatever object they are in; compared without case, dashes and
 * underscores. Log and span code goes by this list, so `from` and `to` are no names for anything else.
 */
export const redactedFields: ReadonlySet<string> = new Set([
  'address', 'addresses', 'from', 'to', 'callfrom', 'callto', 'caller', 'callee', 'callerid', 'forwardedfrom', 'walletid', 'sub',
  'digits', 'text', 'twiml', 'speechresult', 'datajson', 'body', 'jpeg', 'pcm', 'displayname',
  'password', 'secret', 'webhooksecret', 'token', 'accesstoken', 'authorization', 'cookie', 'setcookie', 'signingkey',
  'authtoken', 'privatekey', 'apikey',
]); // prettier-ignore

const redacted = '[redacted]';
const deepest = 6;

/** Patterns of personal data and secrets inside any text, plain or percent-encoded. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b(?:https?|wss?|mongodb(?:\+srv)?|nats|tls):\/\/[^\s"'<>`]+/gi, 'url'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer [redacted]'],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?/g, '[token]'],
  [/\bwhsec_[\w+/=-]+/g, 'whsec_[redacted]'],
  [/\bwhsk_[\w+/=-]+/g, 'whsk_[redacted]'],
  [/\bv1\.[\w-]{1,64}\.\d{1,11}\.[\w-]{43}/g, '[token]'],
  [/\bclient(:|%3A)(?!\[redacted)[^\s"'<>,;/&?)\]}]+/gi, 'client:[redacted]'],
  [/(?:\+|%2B)\d{5,15}/gi, '+[redacted]'],
];

/** A text without addresses, tokens, and the credentials, query and fragment of URLs. */
export function redactText(text: string): string {
  return patterns.reduce(
    (result, [pattern, replacement]) => result.replace(pattern, (match) => (replacement === 'url' ? withoutQuery(match) : replacement)),
    text,
  );
}

function withoutQuery(url: string): string {
  const bare = url.replace(/[?#].*$/s, '');
  return bare.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}

/** Whether a field of this name is never shown. A dotted key counts by its last part. */
export function isRedactedField(name: string): boolean {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return redactedFields.has(last.toLowerCase().replace(/[-_]/g, ''));
}

/** A copy of a value that may be logged. Bytes become their length, bigints text, errors plain objects. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return redactText(value);
  }
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  }
  if (depth >= deepest) {
    return '[deep]';
  }
  return redactObject(value, depth);
}

function redactObject(value: object, depth: number): unknown {
  if (types.isNativeError(value)) {
    return redactError(value, depth);
  }
  if (types.isDate(value)) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (ArrayBuffer.isView(value)) {
    return `[${value.byteLength} bytes]`;
  }
  if (Array.isArray(value)) {
    return value.map((item) => redact(item, depth + 1));
  }
  if (types.isMap(value) || types.isSet(value)) {
    return redact([...value], depth);
  }
  return redactFields(value as Record<string, unknown>, depth);
}

/** The fields of an object, each by its name and its value. */
export function redactFields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    result[name] = isRedactedField(name) && value !== undefined ? redacted : redact(value, depth + 1);
  }
  return result;
}

function redactError(error: Error & { code?: unknown; details?: unknown }, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    code: redact(error.code, depth + 1),
    message: redactText(error.message),
    details: redact(error.details, depth + 1),
    stack: error.stack === undefined ? undefined : redactText(error.stack),
    cause: redact(error.cause, depth + 1),
    ...('errors' in error && Array.isArray(error.errors) ? { errors: redact(error.errors, depth + 1) } : {}),
  };
}
