import { Metadata, status as grpcStatus, type StatusObject } from '@grpc/grpc-js';
import { isErrorCode, parleyError, toParleyError, type ErrorCode, type ErrorDetails, type ParleyError } from '@parley/errors';

/** Trailer that carries the code of docs/errors.md. */
export const errorCodeTrailer = 'parley-error-code';
/** Trailer with the error's details as JSON (ASCII), for example the violations of fields. */
export const errorDetailsTrailer = 'parley-error-details';
/** Trailers stay well under HTTP/2's usual limit of 16 KiB of headers. */
const maxDetailsChars = 8_192;

/** What goes on the wire for an error. An unexpected one tells nothing but `internal`. */
export function statusOf(error: unknown): StatusObject {
  const known = toParleyError(error);
  const metadata = new Metadata();
  metadata.set(errorCodeTrailer, known.code);
  if (known.details !== undefined) {
    const details = asciiJson(known.details);
    if (details.length <= maxDetailsChars) {
      metadata.set(errorDetailsTrailer, details);
    }
  }
  return { code: grpcStatus[known.row.grpc], details: known.message, metadata };
}

function asciiJson(value: unknown): string {
  const json = JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
  return json.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Codes of failures that the transport itself reports, without the trailer. */
const transportCodes: ReadonlyMap<number, ErrorCode> = new Map([
  [grpcStatus.CANCELLED, 'request.cancelled'],
  [grpcStatus.INVALID_ARGUMENT, 'request.malformed'],
  [grpcStatus.DEADLINE_EXCEEDED, 'request.deadline_exceeded'],
  [grpcStatus.RESOURCE_EXHAUSTED, 'request.too_large'],
  [grpcStatus.UNIMPLEMENTED, 'request.unimplemented'],
  [grpcStatus.UNAVAILABLE, 'unavailable'],
  [grpcStatus.UNAUTHENTICATED, 'auth.malformed'],
  [grpcStatus.PERMISSION_DENIED, 'auth.wrong_scope'],
]);

/** A client's failure as the error that the server threw. */
export function errorOfStatus(failure: unknown): ParleyError {
  if (!isServiceError(failure)) {
    return toParleyError(failure);
  }
  const [code] = failure.metadata.get(errorCodeTrailer);
  const known = typeof code === 'string' && isErrorCode(code) ? code : (transportCodes.get(failure.code) ?? 'internal');
  const details = detailsOf(failure.metadata);
  return parleyError(known, failure.details, { cause: failure, ...(details === undefined ? {} : { details }) });
}

function isServiceError(failure: unknown): failure is Error & StatusObject {
  return typeof failure === 'object' && failure !== null && 'code' in failure && 'details' in failure && 'metadata' in failure;
}

function detailsOf(metadata: Metadata): ErrorDetails | undefined {
  const [json] = metadata.get(errorDetailsTrailer);
  if (typeof json !== 'string') {
    return undefined;
  }
  try {
    return JSON.parse(json) as ErrorDetails;
  } catch {
    return undefined;
  }
}
