import { encodeEvent } from '@parley/bus';
import { attributeNames, count, logger } from '@parley/telemetry';
import { busEvent } from '../bus/convert.ts';
import type { ConnectedDevices } from '../devices/connected-devices.ts';
import { deliverHere, type LegLines } from '../devices/leg-lines.ts';
import type { PlaceCall } from '../domain/call/call-command.ts';
import type { PublishedEvent } from '../domain/call/call-event.ts';
import type { ExistingCall } from '../domain/call/call-state.ts';
import type { Effect } from '../domain/call/effect.ts';
import { legAddress } from '../effects/effect-ports.ts';
import type { CallDocument, CallRepository } from '../store/call-repository.ts';
import { newLegId } from '../usecases/derived-id.ts';
import { createTurns } from './call-turns.ts';
import { LiveCall, type LiveCallPorts } from './live-call.ts';

const log = logger('calls');

/** The calls that this router holds. */
export interface LiveCalls {
  get(callId: string): LiveCall | undefined;
  /** As `get`, once the placement or adoption of it that may be under way is over, in whichever way. */
  settled(callId: string): Promise<LiveCall | undefined>;
  all(): readonly LiveCall[];
  /** Starts a call; `existing`: there is one with this id, which was left as it is. */
  place(command: PlaceCall, onStarted?: () => void): Promise<{ readonly call: LiveCall } | { readonly existing: CallDocument }>;
  /** Ends what a router left, as of `atMs`; what this router left itself, unless it serves it by now. */
  adopt(doc: CallDocument, atMs: number): Promise<LiveCall | undefined>;
  /** Stops serving every call: this router is taken for dead, and others have its calls. */
  abandonAll(): void;
}

export interface LiveCallsPorts {
  readonly instance: string;
  readonly repository: CallRepository;
  readonly lines: Pick<LegLines, 'release'>;
  readonly connected: ConnectedDevices;
  readonly runEffect: (effect: Effect, call: LiveCall) => void;
  readonly now: () => number;
}

export function createLiveCalls(ports: LiveCallsPorts): LiveCalls {
  const calls = new Map<string, LiveCall>();
  const turns = createTurns();
  const started = (call: LiveCall) => void calls.set(call.callId, call);
  const callPorts: LiveCallPorts = {
    ...ports,
    ids: { newLegId },
    encode,
    onClosed: (call, lost) => {
      calls.delete(call.callId);
      if (lost) dropLegs(ports, call);
      for (const { legId } of call.state.legs) ports.lines.release(legId);
    },
  };
  return {
    get: (callId) => calls.get(callId),
    all: () => [...calls.values()],
    settled: async (callId) => {
      await turns.idle(callId);
      return calls.get(callId);
    },
    place: (command, onStarted) =>
      turns.run(command.callId, () =>
        LiveCall.place(callPorts, command, (call) => {
          started(call);
          onStarted?.();
        }),
      ),
    adopt: (doc, atMs) =>
      turns.run(doc._id, async () => {
        const served = doc.owner === ports.instance ? calls.get(doc._id) : undefined;
        return served ?? LiveCall.adopt(callPorts, doc, atMs, started);
      }),
    abandonAll: () => {
      for (const call of calls.values()) call.abandon();
    },
  };
}

function encode(event: PublishedEvent, call: ExistingCall, traceparent: string) {
  if (event.kind === 'completed') count('parley.call.completed', 1, { [attributeNames.reason]: event.cause });
  return encodeEvent(busEvent(event, call, traceparent));
}

/** Another router has the call, and ends it; the devices that are connected here hear of it from here. */
function dropLegs({ connected }: LiveCallsPorts, call: LiveCall): void {
  log.warn({ callId: call.callId }, 'a call was lost to another router');
  for (const leg of call.state.legs) {
    const address = legAddress(call, leg.legId);
    if (leg.kind === 'ended' || address === undefined) continue;
    try {
      deliverHere(connected, { ...address, ownerInstance: '' }, { kind: 'leg_ended', legId: leg.legId, status: 'failed', cause: 'router_lost' });
    } catch {
      // The device is gone, or elsewhere: then the router that adopted the call tells it.
    }
  }
}
