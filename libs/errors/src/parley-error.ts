import { errorRow, type ErrorCode, type ErrorRow } from './error-table.ts';

/** One field of a request and what is wrong with it. Is sent to the caller. */
export interface FieldViolation {
  /** Path in the request, e.g. `terms.rate_micros`. */
  readonly field: string;
  readonly description: string;
}

/** What may be sent along with an error. Never holds secrets or personal data. */
export interface ErrorDetails {
  readonly violations?: readonly FieldViolation[];
  readonly [key: string]: unknown;
}

export interface ErrorOptions {
  /** Logged, never sent. */
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
}

/** The one error type. `message` is sent to the caller: it says what is wrong with *their* request, no more. */
export class ParleyError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'ParleyError';
    this.code = code;
    this.details = options.details;
  }

  /** The code's row of the table. */
  get row(): ErrorRow {
    return errorRow(this.code);
  }
}

/** Shorthand of `new ParleyError`. */
export function parleyError(code: ErrorCode, message: string, options: ErrorOptions = {}): ParleyError {
  return new ParleyError(code, message, options);
}

/** Whether it is a ParleyError; with a code, whether it is one of that code. */
export function isParleyError(error: unknown, code?: ErrorCode): error is ParleyError {
  return error instanceof ParleyError && (code === undefined || error.code === code);
}

/** What it is already, or else `internal` with a text that tells nothing; the original is the cause. */
export function toParleyError(error: unknown): ParleyError {
  return error instanceof ParleyError ? error : new ParleyError('internal', 'internal error', { cause: error });
}

/** `request.invalid_argument` for one or more fields. */
export function invalidArgument(violations: readonly FieldViolation[]): ParleyError {
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return new ParleyError('request.invalid_argument', text, { details: { violations } });
}
