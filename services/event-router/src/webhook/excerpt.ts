/** What is kept of an answer, in bytes. */
const excerptBytes = 256;

/** The beginning of an answer's body as text that can be shown: what cannot be printed, or read, is a dot. */
export function excerptOf(body: Buffer): string {
  const text = body.subarray(0, excerptBytes).toString('utf8');
  // Of a character that was cut in two nothing is left.
  const whole = body.length > excerptBytes ? text.replace(/\uFFFD$/u, '') : text;
  return whole.replaceAll(/[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu, '.').trim();
}
