import { isParleyError, type ErrorCode, type ParleyError } from '@parley/errors';

/** Why no instructions could be had. */
export interface InstructionFault {
  readonly code: ErrorCode;
  /** Twilio's code of the same fault: https://www.twilio.com/docs/api/errors */
  readonly twilioCode: number;
  /** 0 when there was no answer. */
  readonly httpStatus: number;
}

type Row = readonly [code: ErrorCode, twilioCode: number];

const rows: Readonly<Partial<Record<ErrorCode, Row>>> = {
  'egress.connect_timeout': ['instructions.timeout', 11205],
  'egress.timeout': ['instructions.timeout', 11205],
  'egress.connect_failed': ['instructions.refused', 11205],
  'egress.protocol_error': ['instructions.refused', 11206],
  'egress.dns_failed': ['instructions.refused', 11210],
  'egress.tls_failed': ['instructions.refused', 11220],
  'egress.too_many_redirects': ['instructions.redirects', 11215],
  'egress.response_too_large': ['instructions.too_large', 11200],
  'egress.invalid_url': ['instructions.invalid_url', 11100],
  'egress.forbidden_address': ['instructions.invalid_url', 11100],
  'instructions.too_large': ['instructions.too_large', 11200],
  'instructions.http_status': ['instructions.http_status', 11200],
  'instructions.content_type': ['instructions.content_type', 12300],
  'instructions.invalid_twiml': ['instructions.invalid_twiml', 12100],
  'instructions.too_many': ['instructions.too_many', 12100],
  'instructions.unknown_verb': ['instructions.unknown_verb', 12200],
  'instructions.invalid_attribute': ['instructions.invalid_attribute', 12200],
};

/** What the call is told about a failure; something unexpected is Twilio's general 11200. */
export function instructionFault(error: unknown): InstructionFault {
  if (!isParleyError(error)) return { code: 'internal', twilioCode: 11200, httpStatus: 0 };
  const [code, twilioCode] = rows[error.code] ?? [error.code, 11200];
  return { code, twilioCode, httpStatus: statusOf(error) };
}

function statusOf({ details }: ParleyError): number {
  const status = details?.['httpStatus'];
  return typeof status === 'number' ? status : 0;
}
