/** Canonical gRPC status names (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export type GrpcStatus =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

export interface ErrorRow {
  readonly grpc: GrpcStatus;
  readonly http: number;
  /** Whether the same request, sent again later, may succeed without anybody changing anything. */
  readonly retry: boolean;
  /** Level at which the edge logs it. */
  readonly log: 'debug' | 'info' | 'warn' | 'error';
  readonly meaning: string;
}

const caller = { retry: false, log: 'info' } as const;
const passing = { retry: true, log: 'warn' } as const;
const ours = { retry: false, log: 'error' } as const;

const unauthenticated = { grpc: 'UNAUTHENTICATED', http: 401, ...caller } as const;
const forbidden = { grpc: 'PERMISSION_DENIED', http: 403, ...caller } as const;
const invalid = { grpc: 'INVALID_ARGUMENT', http: 400, ...caller } as const;
const tooLarge = { grpc: 'RESOURCE_EXHAUSTED', http: 413, ...caller } as const;
const notFound = { grpc: 'NOT_FOUND', http: 404, ...caller } as const;
const precondition = { grpc: 'FAILED_PRECONDITION', http: 409, ...caller } as const;
const unavailable = { grpc: 'UNAVAILABLE', http: 503, ...passing } as const;
const upstream = { grpc: 'UNAVAILABLE', http: 502, ...passing } as const;

/**
 * Every error code of Parley. A code, once released, keeps its meaning; docs/errors.md lists them (a test keeps it in
 * step: run `node libs/errors/src/error-document-main.ts` after a change).
 *
 * What belongs to another account is `not_found.*`, exactly as if it did not exist.
 */
export const errorTable = {
  'auth.missing': { ...unauthenticated, meaning: 'No bearer token was sent.' },
  'auth.malformed': { ...unauthenticated, meaning: 'The token cannot be read, has a wrong signature, or lacks a claim.' },
  'auth.expired': { ...unauthenticated, meaning: 'The token has expired or is not valid yet.' },
  'auth.wrong_scope': { ...forbidden, meaning: 'The token does not carry the scope that the method asks for.' },
  'auth.wrong_call': { ...forbidden, meaning: 'The token is for another call or another side of it.' },
  'auth.keys_unavailable': { ...unavailable, meaning: 'The public keys that tokens are verified with cannot be fetched.' },

  'request.invalid_argument': { ...invalid, meaning: 'A field has a value that is not allowed; the details list each violation.' },
  'request.malformed': { ...invalid, meaning: 'The message is not what the contract says: malformed protobuf, JSON or query.' },
  'request.idempotency_conflict': { grpc: 'ALREADY_EXISTS', http: 409, ...caller, meaning: 'The request id was used before with another body.' },
  'request.deadline_exceeded': { grpc: 'DEADLINE_EXCEEDED', http: 504, ...passing, meaning: 'The deadline passed before there was an answer.' },
  'request.too_large': { ...tooLarge, meaning: 'The message is larger than the method takes.' },
  'request.cancelled': { grpc: 'CANCELLED', http: 499, retry: false, log: 'debug', meaning: 'The client went away.' },
  'request.conflict': { grpc: 'ABORTED', http: 409, ...passing, meaning: 'Somebody else changed the same thing again and again; try again.' },
  'request.unimplemented': { grpc: 'UNIMPLEMENTED', http: 404, ...caller, meaning: 'There is no such method.' },

  'not_found.application': { ...notFound, meaning: 'No such application.' },
  'not_found.address': { ...notFound, meaning: 'No application is bound to the address.' },
  'not_found.call': { ...notFound, meaning: 'No such call.' },
  'not_found.leg': { ...notFound, meaning: 'No such leg.' },
  'not_found.policy': { ...notFound, meaning: 'No such policy, or no such version of it.' },
  'not_found.wallet': { ...notFound, meaning: 'No such wallet.' },
  'not_found.receipt': { ...notFound, meaning: 'Nothing was charged for such a call.' },
  'not_found.dispute': { ...notFound, meaning: 'No such dispute.' },
  'not_found.subscription': { ...notFound, meaning: 'No such subscription.' },
  'not_found.dead_letter': { ...notFound, meaning: 'No such dead letter.' },
  'not_found.verification_key': { ...notFound, meaning: 'No such verification key.' },
  'not_found.parked_call': { ...notFound, meaning: 'No such call is parked.' },
  'not_found.route': { ...notFound, meaning: 'There is nothing at this path.' },

  'call.ended': { ...precondition, meaning: 'The call or leg has ended.' },
  'call.wrong_state': { ...precondition, meaning: 'The call or leg is not in a state that allows this.' },
  'call.grant_lapsed': { ...precondition, meaning: 'The balance covers no more of the charged call: its video does not start again.' },
  'call.no_application': { ...precondition, meaning: 'Neither end of the call is bound to an application.' },
  'call.not_authorized': { ...precondition, meaning: 'Billing refused the charge, for example for lack of balance.' },
  'call.billing_unavailable': { ...unavailable, meaning: 'Billing did not answer; a charged call is not connected without it.' },
  'call.owner_unavailable': { ...unavailable, meaning: 'The call router that holds the call does not answer; its call is being taken over.' },
  'call.unreachable': { ...precondition, meaning: 'No device is registered at the address.' },

  'instructions.timeout': { ...upstream, meaning: 'The application server did not connect or answer in time.' },
  'instructions.refused': { ...upstream, meaning: 'The application server could not be reached: connection refused, reset, name or TLS failure.' },
  'instructions.http_status': { ...upstream, meaning: 'The application server answered with a status other than 2xx.' },
  'instructions.redirects': { ...upstream, meaning: 'The application server redirected more often than is followed.' },
  'instructions.too_large': { ...invalid, meaning: 'The application server answered with more than is read.' },
  'instructions.content_type': { ...invalid, meaning: 'The application server answered with something other than XML.' },
  'instructions.invalid_url': { ...invalid, meaning: 'The URL of instructions is not one that may be fetched.' },
  'instructions.invalid_twiml': { ...invalid, meaning: 'The document is not well-formed TwiML.' },
  'instructions.unknown_verb': { ...invalid, meaning: 'The document has a verb that is not supported.' },
  'instructions.invalid_attribute': { ...invalid, meaning: 'A verb has an attribute or content that is not allowed.' },
  'instructions.too_many': { ...invalid, meaning: 'The call ran more documents or verbs than are allowed; most likely it redirects for ever.' },
  'instructions.speech_failed': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'The text could not be turned into speech.' },

  'device.not_registered': { ...precondition, meaning: 'The device has to register before anything else.' },
  'device.replaced': { grpc: 'ABORTED', http: 409, ...caller, meaning: 'The same address was registered by a newer connection.' },
  'device.unknown_command': { ...invalid, meaning: 'The device sent a message without a command.' },
  'device.invalid_address': { ...invalid, meaning: 'An address is not client:<name> or +<digits>.' },
  'device.invalid_digits': { ...invalid, meaning: 'Digits are not 0-9, *, #, A-D, or are too many.' },
  'device.invalid_audio': { ...invalid, meaning: 'Audio is not a frame of 640 bytes.' },
  'device.text_too_large': { ...invalid, meaning: 'The text is longer than is taken.' },
  'device.not_reading': { grpc: 'RESOURCE_EXHAUSTED', http: 429, ...passing, meaning: 'The device did not read what it was told.' },
  'device.draining': { ...unavailable, meaning: 'This router shuts down; connect again.' },

  'observation.not_an_image': { ...invalid, meaning: 'The bytes are not a JPEG picture that can be decoded.' },
  'observation.image_too_large': { ...invalid, meaning: 'The picture has more bytes or pixels than are taken.' },
  'observation.invalid_pcm': { ...invalid, meaning: 'The audio is empty, of odd length, longer than is taken, or not as long as what was sent meanwhile.' },
  'observation.text_too_large': { ...invalid, meaning: 'The text is longer than is taken.' },
  'observation.media_time': { ...invalid, meaning: 'The media time is negative or goes back.' },
  'observation.empty': { ...invalid, meaning: 'The message carries no observation.' },
  'observation.analysis_failed': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'The observation could not be analysed; the next ones are.' },
  'observation.replaced': { grpc: 'ABORTED', http: 409, ...caller, meaning: 'A newer stream observes the same side of the call.' },
  'observation.not_consented': { ...forbidden, meaning: 'The counterpart has not consented to being observed.' },
  'observation.no_capacity': { ...unavailable, meaning: 'This replica analyses as many streams as it can; come again, to another one.' },
  'observation.account_streams': { grpc: 'RESOURCE_EXHAUSTED', http: 429, ...passing, meaning: 'The account has as many open streams on this replica as it may have.' },
  'observation.finished': { ...precondition, meaning: 'The observation of this side of the call has ended.' },

  'speech.text_too_long': { ...invalid, meaning: 'The text to speak is longer than is taken.' },
  'speech.unknown_voice': { ...invalid, meaning: 'There is no such voice.' },
  'speech.malformed_pcm': { ...invalid, meaning: 'The bytes are not signed 16 bit samples.' },
  'speech.synthesizer_busy': { grpc: 'RESOURCE_EXHAUSTED', http: 429, ...passing, meaning: 'Too many texts wait to be spoken.' },
  'speech.synthesis_failed': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'The speech synthesizer failed.' },
  'speech.detector_busy': { grpc: 'RESOURCE_EXHAUSTED', http: 429, ...passing, meaning: 'Too many pieces of sound wait to be heard.' },
  'speech.detector_failed': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'The voice detector failed.' },

  'policy.invalid_terms': { ...invalid, meaning: 'The terms of the policy contradict themselves or are out of range; the details list each violation.' },
  'policy.unknown_currency': { ...invalid, meaning: 'The currency is neither an ISO 4217 code nor a coin.' },

  'money.unknown_currency': { ...invalid, meaning: 'The currency is neither an ISO 4217 code nor a coin.' },
  'money.currency_mismatch': { ...invalid, meaning: 'Amounts of two currencies were put together.' },
  'money.invalid_amount': { ...invalid, meaning: 'The text is not an exact amount, or is out of the range of int64 micro-units.' },

  'wallet.insufficient_balance': { ...precondition, meaning: 'The available balance does not cover it.' },
  'ledger.conflict': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'An entry or key of the ledger is stored with another content than was booked: run make verify.' },
  'rebuild.not_empty': { ...precondition, meaning: 'A database is rebuilt from the streams only if it is empty.' },
  'rebuild.broken_stream': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'The LEDGER stream is not whole, or not what was booked: no ledger can be rebuilt from it.' },
  'rebuild.unfinished': { ...precondition, meaning: 'The rebuild of the database did not come to its end: start it again.' },
  'receipt.events_expired': { grpc: 'OUT_OF_RANGE', http: 410, ...caller, meaning: 'The events of the call are no longer all kept: its receipt cannot be recomputed.' },
  'wallet.currency_mismatch': { ...precondition, meaning: 'The wallet is held in another currency.' },
  'wallet.bucket_expired': { ...precondition, meaning: 'The part of the balance that a top-up names would have expired already.' },
  'wallet.too_many_buckets': { ...precondition, meaning: 'The balance would have too many parts with different terms.' },
  'wallet.invalid_amount': { ...invalid, meaning: 'The amount is not positive or too large.' },

  'charge.not_settled': { ...precondition, meaning: 'The call is not settled yet; only what is settled is corrected.' },
  'charge.refund_exceeds_total': { ...precondition, meaning: 'More would be given back than the call still costs.' },
  'charge.currency_mismatch': { ...precondition, meaning: 'The call was charged in another currency.' },
  'charge.payer_mismatch': { ...precondition, meaning: 'By that version the other side of the call would pay.' },
  'charge.too_many_corrections': { ...precondition, meaning: 'The charge of the call was corrected or disputed as often as it may be.' },

  'dispute.already_open': { ...precondition, meaning: 'A dispute of the call is open; it has to be resolved first.' },
  'dispute.resolved': { ...precondition, meaning: 'The dispute was resolved another way.' },

  'grant.not_found': { ...notFound, meaning: 'The call has no grant.' },
  'grant.ended': { ...precondition, meaning: 'The grant was released or settled.' },

  'cursor.malformed': { ...invalid, meaning: 'The cursor is not one that this system made.' },
  'cursor.other_account': { ...forbidden, meaning: 'The cursor belongs to another account.' },
  'cursor.too_old': { grpc: 'OUT_OF_RANGE', http: 410, ...caller, meaning: 'Events after the cursor are no longer kept; subscribe anew and expect a gap.' },

  'cursor.other_filter': { ...invalid, meaning: 'The cursor belongs to another filter; subscribe with the filter that it was made for, or without it.' },

  'subscription.invalid_filter': { ...invalid, meaning: 'The filter cannot be used with this sink, or has a value that is not allowed.' },
  'subscription.invalid_sink': { ...invalid, meaning: 'The sink is missing or is not one that can be delivered to.' },
  'subscription.invalid_start': { ...invalid, meaning: 'The start cannot be used with this filter or sink, or is out of range.' },
  'subscription.start_expired': { grpc: 'OUT_OF_RANGE', http: 410, ...caller, meaning: 'Events that the start asks for are no longer kept.' },
  'subscription.etag_mismatch': { grpc: 'ABORTED', http: 412, ...caller, meaning: 'Somebody else changed it since; read it again.' },
  'subscription.too_many_streams': { grpc: 'RESOURCE_EXHAUSTED', http: 429, ...passing, meaning: 'The account has as many open streams on this replica as it may have.' },
  'subscription.deleted': { ...precondition, meaning: 'The subscription was deleted meanwhile.' },
  'subscription.limit_reached': { grpc: 'RESOURCE_EXHAUSTED', http: 409, ...caller, meaning: 'The account has as many subscriptions as it may have.' },
  'subscription.sink_exists': { grpc: 'ALREADY_EXISTS', http: 409, ...caller, meaning: 'The account has a NATS sink already, and may have one.' },
  'subscription.slow_consumer': { grpc: 'RESOURCE_EXHAUSTED', http: 429, ...passing, meaning: 'The client reads too slowly; come back with the cursor.' },

  'verification.malformed': { ...unauthenticated, meaning: 'The verification token cannot be read.' },
  'verification.mismatch': { ...forbidden, meaning: 'The verification token was made for another account, URL or filter, or with another key.' },
  'verification.expired': { ...unauthenticated, meaning: 'The verification token has expired, or its expiry is too far away.' },
  'verification.revoked': { ...forbidden, meaning: 'The verification token, or the key that it was made with, was revoked.' },
  'verification.revocation_limit': { grpc: 'RESOURCE_EXHAUSTED', http: 409, ...caller, meaning: 'The account has as many revoked tokens as it may have; revoke the key that they were made with.' },
  'verification.key_limit': { grpc: 'RESOURCE_EXHAUSTED', http: 409, ...caller, meaning: 'The account has as many verification keys as it may have.' },

  'webhook.key_limit': { grpc: 'RESOURCE_EXHAUSTED', http: 409, ...caller, meaning: 'As many keys sign for the subscription as may at a time; wait until one has ended.' },
  'webhook.failed': { ...upstream, meaning: 'The receiver did not answer with 2xx.' },
  'webhook.circuit_open': { ...upstream, meaning: 'The endpoint failed again and again; it is asked only now and then until it answers.' },
  'webhook.too_large': { ...invalid, meaning: 'The event is larger than a webhook body may be.' },
  'webhook.gone': { ...upstream, retry: false, meaning: 'The receiver answered 410: it wants nothing more.' },

  'egress.invalid_url': { ...invalid, meaning: 'The URL is not http or https, cannot be read, or holds credentials.' },
  'egress.forbidden_address': { ...invalid, meaning: 'The URL leads to an address that is not public.' },
  'egress.dns_failed': { ...upstream, meaning: 'The host name could not be resolved.' },
  'egress.connect_failed': { ...upstream, meaning: 'No connection: refused, reset or unreachable.' },
  'egress.tls_failed': { ...upstream, meaning: 'The TLS handshake or the certificate failed.' },
  'egress.connect_timeout': { ...upstream, meaning: 'The connection took too long.' },
  'egress.timeout': { ...upstream, meaning: 'The answer took too long.' },
  'egress.too_many_redirects': { ...upstream, meaning: 'There were more redirects than were asked to be followed.' },
  'egress.response_too_large': { ...upstream, retry: false, meaning: 'The answer is larger than is read.' },
  'egress.protocol_error': { ...upstream, meaning: 'The answer is not HTTP.' },
  'egress.cancelled': { grpc: 'CANCELLED', http: 499, retry: false, log: 'debug', meaning: 'The request was given up by its caller.' },

  'bus.malformed_event': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'A message on the bus is not an event of the contract.' },
  'bus.gap': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'An event that comes before this one did not arrive in time; the call is parked.' },
  'bus.handler_failed': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'An event could not be applied after bounded retries; the call is parked.' },
  'bus.lease_lost': { ...unavailable, meaning: 'Another replica owns the work now.' },
  'bus.unavailable': { ...unavailable, meaning: 'The broker does not answer.' },

  'store.unavailable': { ...unavailable, meaning: 'The database does not answer.' },
  'store.conflict': { grpc: 'ABORTED', http: 409, ...passing, meaning: 'The document was changed by somebody else, more often than was retried.' },
  'store.duplicate': { grpc: 'ALREADY_EXISTS', http: 409, ...caller, meaning: 'A document with this key exists.' },
  'store.malformed_document': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'A stored document is not what the code expects.' },

  'config.invalid': { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'The configuration has faults; nothing was started.' },
  unavailable: { ...unavailable, meaning: 'A part that the request needs does not answer.' },
  shutting_down: { ...unavailable, log: 'info', meaning: 'This instance shuts down; another one will answer.' },
  internal: { ...ours, grpc: 'INTERNAL', http: 500, meaning: 'A fault of Parley; the log of the trace says more.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** Whether a text, for example of a peer's trailer, is a code of the table. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

/** Any row, widened to its interface. */
export function errorRow(code: ErrorCode): ErrorRow {
  return errorTable[code];
}
