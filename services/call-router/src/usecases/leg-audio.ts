import { counterpartOf } from '../domain/call/call-state.ts';
import { legAddress } from '../effects/effect-ports.ts';
import type { RouterPorts } from './router-ports.ts';

/** What a leg of a call of this router sounds like goes to the leg that it is bridged with, if there is one. */
export function legAudio({ calls, lines }: Pick<RouterPorts, 'calls' | 'lines'>, callId: string, legId: string, pcm: Buffer): void {
  const call = calls.get(callId);
  const heardBy = call === undefined ? undefined : counterpartOf(call.state, legId);
  const address = call === undefined || heardBy === undefined ? undefined : legAddress(call, heardBy);
  if (address !== undefined) lines.play(address, pcm);
}
