import { headers as natsHeaders, type MsgHdrs, type NatsConnection } from '@nats-io/nats-core';
import { routerCommandSubject } from '@parley/bus';
import { RouterCommand, RouterReply } from '@parley/contracts';
import { isErrorCode, parleyError } from '@parley/errors';
import { currentTraceparent, traceparentHeader } from '@parley/telemetry';

type Command = NonNullable<RouterCommand['command']>;
export type ReplyResult = RouterReply['result'];

/** The other replicas of the call router. */
export interface Peers {
  /**
   * Has a peer carry out a command. Commands are idempotent.
   * @throws ParleyError what the peer threw; call.owner_unavailable if it is gone or does not answer in time
   */
  request(instance: string, accountId: string, command: Command): Promise<ReplyResult>;
  /** Without an answer: for audio, of which a piece may be lost. */
  send(instance: string, accountId: string, command: Command): void;
}

/** Longer than a peer may take to ask billing. */
const timeoutMs = 8_000;

export function createPeers(nc: NatsConnection): Peers {
  return {
    request: async (instance, accountId, command) => {
      const reply = RouterReply.decode(await ask(nc, instance, RouterCommand.encode({ accountId, command }).finish()));
      if (reply.errorCode === '') return reply.result;
      throw parleyError(isErrorCode(reply.errorCode) ? reply.errorCode : 'internal', reply.errorMessage);
    },
    send: (instance, accountId, command) => {
      if (!nc.isClosed()) nc.publish(routerCommandSubject(instance), RouterCommand.encode({ accountId, command }).finish());
    },
  };
}

async function ask(nc: NatsConnection, instance: string, payload: Uint8Array): Promise<Uint8Array> {
  try {
    const reply = await nc.request(routerCommandSubject(instance), payload, { timeout: timeoutMs, headers: traceHeaders() });
    return reply.data;
  } catch (cause) {
    throw parleyError('call.owner_unavailable', 'the router that holds it does not answer', { cause });
  }
}

function traceHeaders(): MsgHdrs {
  const headers = natsHeaders();
  const traceparent = currentTraceparent();
  if (traceparent !== undefined) headers.set(traceparentHeader, traceparent);
  return headers;
}
