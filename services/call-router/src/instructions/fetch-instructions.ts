import type { Egress, EgressResponse } from '@parley/egress';
import { parleyError } from '@parley/errors';
import type { Verb } from '../domain/twiml/verb.ts';
import { askApplication, type ApplicationRequest } from './application-request.ts';
import { mostDocumentBytes, readTwiml } from './twiml-text.ts';

/**
 * The verbs that an application server answers with.
 * @throws ParleyError egress.*, instructions.*: see instructionFault
 */
export async function fetchInstructions(egress: Egress, request: Omit<ApplicationRequest, 'maxBytes'>): Promise<Verb[]> {
  const response = await askApplication(egress, { ...request, maxBytes: mostDocumentBytes });
  checkAnswer(response);
  return readTwiml(response.body, response.url);
}

function checkAnswer({ status, headers, body }: EgressResponse): void {
  if (status < 200 || status >= 300) {
    throw parleyError('instructions.http_status', `the application server answered ${status}`, { details: { httpStatus: status } });
  }
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  if (!isXml(type) || body.length === 0) {
    throw parleyError('instructions.content_type', 'the application server answered with something other than XML', { details: { httpStatus: status } });
  }
}

/** Twilio takes text/html as TwiML too; servers that name no type are given the benefit of the doubt. */
function isXml(type: string): boolean {
  return type === '' || type === 'text/html' || type === 'text/xml' || type === 'application/xml' || /^application\/[\w.-]+\+xml$/.test(type);
}
