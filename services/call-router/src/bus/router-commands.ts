import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { routerCommandSubject } from '@parley/bus';
import { RouterCommand, RouterReply, type FromDevice, type ToDevice } from '@parley/contracts';
import { parleyError, toParleyError } from '@parley/errors';
import { attributeNames, logger, traceparentHeader, withSpan } from '@parley/telemetry';
import { deliverHere, playHere } from '../devices/leg-lines.ts';
import { createCallForPeer } from '../grpc/create-call.ts';
import { intentFromProto, messageFromProto } from '../grpc/convert-device.ts';
import { publishApplicationEventForPeer } from '../grpc/publish-application-event.ts';
import { updateCallForPeer } from '../grpc/update-call.ts';
import { legAudio } from '../usecases/leg-audio.ts';
import { legCommand } from '../usecases/leg-command.ts';
import type { RouterPorts } from '../usecases/router-ports.ts';

const log = logger('router-commands');
type Result = RouterReply['result'];

/** Serves what other replicas ask of this one. @returns what stops it */
export function serveRouterCommands(nc: NatsConnection, ports: RouterPorts): () => Promise<void> {
  const subscription = nc.subscribe(routerCommandSubject(ports.instance), {
    callback: (error, message) => {
      if (error !== null) log.warn({ err: error }, 'router commands cannot be received');
      // Begun in the order of receipt: what a device said, and what it is told, stays in order.
      else void serve(ports, message);
    },
  });
  return () => subscription.drain();
}

async function serve(ports: RouterPorts, message: Msg): Promise<void> {
  let reply: RouterReply;
  try {
    const command = decoded(message.data);
    if (isAudio(ports, command)) return;
    reply = { errorCode: '', errorMessage: '', result: await traced(message, command, () => carryOut(ports, command)) };
  } catch (error) {
    const known = toParleyError(error);
    if (known.row.log === 'error') log.error({ err: error }, 'a router command failed');
    reply = { errorCode: known.code, errorMessage: known.message, result: undefined };
  }
  message.respond(RouterReply.encode(reply).finish());
}

function decoded(payload: Uint8Array): RouterCommand {
  try {
    return RouterCommand.decode(payload);
  } catch (cause) {
    throw parleyError('request.malformed', 'the message is not a RouterCommand', { cause });
  }
}

function traced(message: Msg, { command }: RouterCommand, work: () => Promise<Result>): Promise<Result> {
  const parent = message.headers?.get(traceparentHeader);
  return withSpan('router command', { [attributeNames.command]: command?.$case ?? '' }, work, { kind: 'server', parent: parent === '' ? undefined : parent });
}

function carryOut(ports: RouterPorts, { accountId, command }: RouterCommand): Promise<Result> {
  switch (command?.$case) {
    case 'createCall':
      return createCallForPeer(ports, accountId, command.value).then((value) => ({ $case: 'createCall', value }));
    case 'updateCall':
      return updateCallForPeer(ports, accountId, command.value).then((value) => ({ $case: 'updateCall', value }));
    case 'publishApplicationEvent':
      return publishApplicationEventForPeer(ports, accountId, command.value).then((value) => ({ $case: 'publishApplicationEvent', value }));
    case 'toDevice':
      return Promise.resolve(toDevice(ports, accountId, command.value));
    case 'fromDevice':
      return fromDevice(ports, accountId, command.value);
    default:
      return Promise.reject(parleyError('request.malformed', 'the message has no command that is known'));
  }
}

function toDevice({ connected }: RouterPorts, accountId: string, { address, legId, callId, ownerInstance, message }: ToDevice): undefined {
  if (message === undefined) throw parleyError('request.malformed', 'message is missing');
  deliverHere(connected, { accountId, address, legId, callId, ownerInstance }, messageFromProto(message));
}

async function fromDevice(ports: RouterPorts, accountId: string, { address, legId, callId, message }: FromDevice): Promise<undefined> {
  const intent = message === undefined ? lost(legId) : intentFromProto(message);
  if (intent.kind !== 'command') throw parleyError('request.malformed', 'the message is not one about a leg');
  await legCommand(ports, { accountId, address, callId }, intent.command);
}

function lost(legId: string) {
  return { kind: 'command', command: { kind: 'device_lost', legId } } as const;
}

/** Audio is passed on at once and has no answer. */
function isAudio(ports: RouterPorts, { accountId, command }: RouterCommand): boolean {
  if (command?.$case !== 'toDevice' && command?.$case !== 'fromDevice') return false;
  const { address, legId, callId, message } = command.value;
  if (message?.message?.$case !== 'audio') return false;
  const { pcm } = message.message.value;
  if (command.$case === 'toDevice') playHere(ports.connected, { accountId, address, legId }, pcm);
  else legAudio(ports, callId, legId, pcm);
  return true;
}
