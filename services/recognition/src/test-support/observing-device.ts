import type { ObserveRequest, ObserveResponse } from '@parley/contracts';
import { bytesFromPcm, silence, synthesize } from '@parley/speech';
import { croppedPicture, FACE, NO_FACE } from './sample-pictures.ts';
import type { RecognitionClient } from './started-recognition.ts';

export type Observation = NonNullable<ObserveRequest['observation']>;

export const jpeg = (value: Buffer): Observation => ({ $case: 'jpeg', value });
export const pcm = (value: Uint8Array): Observation => ({ $case: 'pcm', value: Buffer.from(value) });
export const audio = (heard: Uint8Array, sent: Uint8Array): Observation => ({ $case: 'audio', value: { pcm: Buffer.from(heard), sentPcm: Buffer.from(sent) } });
export const typing: Observation = { $case: 'typing', value: true };
export const text = (value: string): Observation => ({ $case: 'text', value });
export const finished: Observation = { $case: 'finished', value: true };

export function at(mediaTimeMs: number | bigint, observation: Observation | undefined): ObserveRequest {
  return { mediaTimeMs: BigInt(mediaTimeMs), observation };
}

/** For tests: what a device sends of its counterpart. Real pictures, real speech. */
export interface Material {
  readonly face: Observation;
  readonly noFace: Observation;
  readonly speech: Observation;
  readonly quiet: Observation;
}

export async function material(): Promise<Material> {
  const said = await synthesize('Hello, how are you today? I am doing fine, thank you.');
  return {
    face: jpeg(await croppedPicture(FACE, 320)),
    noFace: jpeg(await croppedPicture(NO_FACE, 320)),
    // From the middle, where there is no pause.
    speech: pcm(bytesFromPcm(said.subarray(8000, 16_000))),
    quiet: pcm(bytesFromPcm(silence(500))),
  };
}

/** Every 500 ms of [fromMs, toMs) one frame and one piece of audio. */
export function watch(fromMs: number, toMs: number, frame: Observation, audio: Observation): ObserveRequest[] {
  return Array.from({ length: (toMs - fromMs) / 500 }, (_, index) => fromMs + index * 500).flatMap((ms) => [at(ms, frame), at(ms, audio)]);
}

/** The scene: face, no face but speech, silence but typing, nothing, face again. */
export function scene({ face, noFace, speech, quiet }: Material): ObserveRequest[] {
  const typed = watch(8000, 10_000, noFace, quiet);
  return [
    ...watch(0, 4000, face, quiet),
    ...watch(4000, 5000, noFace, quiet),
    ...watch(5000, 8000, noFace, speech),
    ...typed.slice(0, 4),
    at(9000, text('are you still there?')),
    ...typed.slice(4),
    ...watch(10_000, 16_000, noFace, quiet),
    ...watch(16_000, 20_000, face, quiet),
  ];
}

export const SCENE_MS = 20_000;
export const SCENE_INTERVALS = [
  '0-4000 EVIDENCE FACE',
  '4000-6000 GRACE_RECOVERED FACE',
  '6000-8000 EVIDENCE VOICE',
  '8000-10000 GRACE_RECOVERED VOICE',
  '10000-12000 EVIDENCE TEXT',
  '12000-14000 GRACE_LAPSED TEXT',
  '14000-16000 ABSENT',
  '16000-20000 EVIDENCE FACE',
];

/** A stream of one device, with what was answered so far. */
export class DeviceStream {
  readonly answers: ObserveResponse[] = [];
  /** Resolves with the code that the stream ended with, `ok` where it ended well. */
  readonly ended: Promise<string>;
  readonly #stream: Awaited<ReturnType<RecognitionClient['observe']>>;

  private constructor(stream: Awaited<ReturnType<RecognitionClient['observe']>>) {
    this.#stream = stream;
    this.ended = this.#read();
  }

  static async open(client: RecognitionClient, token: string): Promise<DeviceStream> {
    return new DeviceStream(await client.observe({ token }));
  }

  get acknowledgedThroughMs(): number {
    return Number(this.answers.at(-1)?.acknowledgedThroughMs ?? -2n);
  }

  get refusals(): string[] {
    return this.answers.flatMap(({ refusal }) => (refusal ? [`${refusal.mediaTimeMs} ${refusal.code}`] : []));
  }

  async send(...requests: readonly ObserveRequest[]): Promise<void> {
    for (const request of requests) await this.#stream.send(request);
  }

  /** Half-closes and waits for the end. */
  finish(): Promise<string> {
    this.#stream.end();
    return this.ended;
  }

  cancel(): void {
    this.#stream.cancel();
  }

  async #read(): Promise<string> {
    try {
      for await (const answer of this.#stream) this.answers.push(answer);
      return 'ok';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }
}
