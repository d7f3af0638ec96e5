import { consumeRaw } from './consume-raw.ts';
import { postBare } from './post-bare.ts';
import { publish } from './publish.ts';
import { receiveWebhooks } from './receive-webhooks.ts';
import { roundTrip } from './round-trip.ts';
import { sseClients } from './sse-clients.ts';
import { streamGrpc } from './stream-grpc.ts';

/** By the name that they are started by. */
export const jobs = { consumeRaw, postBare, publish, receiveWebhooks, roundTrip, sseClients, streamGrpc };
