import { createHmac } from 'node:crypto';

/** Name of the header that proves to an application server that a request is ours. */
export const signatureHeader = 'x-twilio-signature';

/**
 * Twilio's request signature: base64 of HMAC-SHA1 over the URL, followed by each form parameter's name and value, the
 * names sorted. https://www.twilio.com/docs/usage/security
 * @param url as the server sees it: absolute, with its query
 * @param form the parameters of a POST; none for a GET, whose parameters are in the URL
 */
export function twilioSignature(signingKey: string, url: string, form: Readonly<Record<string, string>>): string {
  const names = Object.keys(form).toSorted();
  const signed = url + names.map((name) => name + form[name]).join('');
  return createHmac('sha1', signingKey).update(signed, 'utf8').digest('base64');
}
