import { Channel as ChannelProto, type ObserveRequest, type ObserveResponse } from '@parley/contracts';
import type { ObservationMessage } from '../usecases/observation-message.ts';
import type { Answer } from '../usecases/observe.ts';

const stageToProto = { face: ChannelProto.FACE, voice: ChannelProto.VOICE, text: ChannelProto.TEXT, absent: ChannelProto.UNSPECIFIED } as const;

/** Cannot fail: what a message holds is judged where it is taken in. */
export function fromRequest({ mediaTimeMs, observation }: ObserveRequest): ObservationMessage {
  return { claimedMs: Number(clamp(mediaTimeMs)), content: contentOf(observation) };
}

/** Beyond what a number holds exactly, any will do: none of them is a media time. */
function clamp(mediaTimeMs: bigint): bigint {
  const beyond = BigInt(Number.MAX_SAFE_INTEGER) + 1n;
  if (mediaTimeMs > beyond) return beyond;
  return mediaTimeMs < -beyond ? -beyond : mediaTimeMs;
}

function contentOf(observation: ObserveRequest['observation']): ObservationMessage['content'] {
  switch (observation?.$case) {
    case 'jpeg':
      return { type: 'face', bytes: observation.value };
    case 'pcm':
      return { type: 'voice', bytes: observation.value };
    case 'text':
      return { type: 'text', text: observation.value };
    case 'finished':
      return observation.value ? { type: 'finished' } : { type: 'empty' };
    case undefined:
      return { type: 'empty' };
  }
}

export function toResponse({ acknowledgedThroughMs, analysed, skipped, refused, stage, samplingPeriodMs, refusal }: Answer): ObserveResponse {
  return {
    acknowledgedThroughMs: BigInt(acknowledgedThroughMs),
    analysed: BigInt(analysed),
    skipped: BigInt(skipped),
    refused: BigInt(refused),
    stage: stageToProto[stage],
    samplingPeriodMs: BigInt(samplingPeriodMs),
    refusal: refusal && { mediaTimeMs: BigInt(refusal.claimedMs), code: refusal.code, message: refusal.message },
  };
}
