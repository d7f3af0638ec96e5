import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecognitionServiceClient, type ObserveRequest } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import type { LoadSystem } from './load-system.ts';

/** What a device shows and plays, twice a second. */
export interface Media {
  readonly frames: readonly Uint8Array[];
  readonly pieces: readonly Uint8Array[];
}

export interface Observed {
  /** Milliseconds from an observation to its acknowledgement. */
  readonly delaysMs: readonly number[];
  readonly skipped: number;
}

const everyMs = 500;
const terms = { faceAbsentMs: 3_000, voiceAbsentMs: 3_000, textAbsentMs: 5_000, textHoldMs: 5_000, maxGapMs: 1_000, minFaceAreaRatio: 0.01, livenessMs: 10_000 };

/** Observes one call as a device does, in real time. */
export async function observeInRealTime({ address, signer }: LoadSystem, { frames, pieces }: Media, lengthMs: number, phaseMs: number): Promise<Observed> {
  const callId = `CA${randomUUID().replaceAll('-', '')}`;
  const originMs = Date.now() + Math.round(phaseMs);
  const attributes = { from: 'client:alice', to: 'client:bob', direction: 'inbound' };
  const claims = { party: 'caller', leg: callId, mediaOriginMs: originMs, attributes, policy: { id: 'bench', version: 1, terms } };
  const token = await signer.sign({ accountId: 'bench', subject: 'client:alice', scopes: ['observe'], callId, ttlSeconds: 600, claims });
  const client = createClient(RecognitionServiceClient, { address });
  const stream = await client.observe({ token });
  const delaysMs: number[] = [];
  let skipped = 0;
  const reading = (async () => {
    for await (const response of stream) {
      skipped = Number(response.skipped);
      // All but the observations of the last instant are acknowledged.
      if (response.acknowledgedThroughMs >= 0n) delaysMs.push(Date.now() - originMs - Number(response.acknowledgedThroughMs) - 1);
    }
  })();
  const send = (atMs: number, observation: NonNullable<ObserveRequest['observation']>) => stream.send({ mediaTimeMs: BigInt(atMs), observation });
  for (let nth = 0; nth * everyMs < lengthMs; nth += 1) {
    await sleep(Math.max(0, originMs + nth * everyMs - Date.now()));
    await send(nth * everyMs, { $case: 'jpeg', value: frames[nth % frames.length]! as Buffer });
    await send(nth * everyMs, { $case: 'pcm', value: pieces[nth % pieces.length]! as Buffer });
  }
  await send(lengthMs, { $case: 'finished', value: true });
  stream.end();
  await reading;
  client.close();
  return { delaysMs, skipped };
}
