import { bytesFromPcm, frames, synthesize } from '@parley/speech';
import { attributeNames, logger, withSpan } from '@parley/telemetry';
import type { LiveCall } from '../calls/live-call.ts';
import type { Effect } from '../domain/call/effect.ts';
import { legAddress, type EffectPorts } from './effect-ports.ts';
import { playInRealTime } from './real-time.ts';

const log = logger('effects');

export interface Speaking {
  start(call: LiveCall, effect: Extract<Effect, { kind: 'say' }>): Promise<void>;
  /** Falls silent at once. */
  stop(call: LiveCall): void;
}

/** Speaks to the devices of calls, as 20 ms frames at the pace at which they are heard. */
export function createSpeaking({ lines }: Pick<EffectPorts, 'lines'>): Speaking {
  const running = new Map<LiveCall, AbortController>();
  return {
    start: async (call, { turn, legId, text, loop }) => {
      const abort = new AbortController();
      running.get(call)?.abort();
      running.set(call, abort);
      const signal = AbortSignal.any([abort.signal, call.signal]);
      try {
        const spoken = await withSpan('synthesize', { [attributeNames.callId]: call.callId }, () => synthesize(text));
        const pieces = frames(spoken).map((piece) => Buffer.from(bytesFromPcm(piece).buffer));
        const leg = legAddress(call, legId)!;
        await playInRealTime(pieces, loop, (piece) => lines.play(leg, piece), signal);
        if (!signal.aborted) await call.submit({ kind: 'speech_ended', turn, code: '' });
      } catch (error) {
        log.error({ err: error, callId: call.callId }, 'a text could not be spoken');
        await call.submit({ kind: 'speech_ended', turn, code: 'instructions.speech_failed' });
      } finally {
        if (running.get(call) === abort) running.delete(call);
      }
    },
    stop: (call) => running.get(call)?.abort(),
  };
}
