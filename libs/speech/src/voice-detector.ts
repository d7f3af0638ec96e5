import { CHUNK_SAMPLES, freshMemory } from './silero-messages.ts';
import { Silero } from './silero.ts';

/** Hears whether somebody speaks. Streams share one inference thread a process. */
export interface VoiceDetector {
  /** A piece of sound of its own, e.g. one direction of one call. Streams do not influence each other. */
  openStream(): VoiceStream;
  /** Lets go of the inference thread, which ends with the last detector. Streams of this detector fail afterwards. */
  close(): Promise<void>;
}

export interface VoiceStream {
  /**
   * Takes the samples that follow those pushed before.
   * @returns the probability of speech, 0..1, in each chunk of 512 samples (32 ms) that is now complete; samples that
   * do not fill a chunk wait for the next call
   * @throws ParleyError speech.detector_busy (none of these samples was taken: push them again), speech.detector_failed
   */
  push(pcm: Int16Array): Promise<number[]>;
}

/** One thread for all detectors: inference is bound by the processor, and ONNX Runtime's memory is not small. */
let shared: { readonly silero: Silero; users: number } | undefined;

/** Silero VAD v6. Close it when done. */
export function createVoiceDetector(): VoiceDetector {
  const lease = (shared ??= { silero: new Silero(), users: 0 });
  lease.users += 1;
  let open = true;
  return {
    openStream: () => {
      if (!open) throw new Error('the voice detector is closed');
      return new SileroStream(lease.silero, () => open);
    },
    close: async () => {
      if (!open) return;
      open = false;
      lease.users -= 1;
      if (lease.users > 0) return;
      if (shared === lease) shared = undefined;
      await lease.silero.close();
    },
  };
}

class SileroStream implements VoiceStream {
  readonly #silero: Silero;
  readonly #isOpen: () => boolean;
  #memory = freshMemory();
  #rest = new Float32Array(0);
  #last: Promise<unknown> = Promise.resolve();

  constructor(silero: Silero, isOpen: () => boolean) {
    this.#silero = silero;
    this.#isOpen = isOpen;
  }

  push(pcm: Int16Array): Promise<number[]> {
    // One at a time: each needs the memory that the one before leaves behind.
    const heard = this.#last.then(() => this.#hear(pcm));
    this.#last = heard.catch(() => undefined);
    return heard;
  }

  async #hear(pcm: Int16Array): Promise<number[]> {
    if (!this.#isOpen()) throw new Error('the voice detector is closed');
    const samples = new Float32Array(this.#rest.length + pcm.length);
    samples.set(this.#rest);
    for (let index = 0; index < pcm.length; index += 1) samples[this.#rest.length + index] = (pcm[index] ?? 0) / 32_768;
    const complete = samples.length - (samples.length % CHUNK_SAMPLES);
    const rest = samples.slice(complete);
    const chunks = samples.slice(0, complete);
    // Sound is not left to lie in memory: the thread that hears a chunk wipes that.
    samples.fill(0);
    if (complete > 0) {
      const heard = await this.#silero.hear(chunks, this.#memory);
      this.#memory = heard.memory;
      this.#rest = rest;
      return Array.from(heard.probabilities);
    }
    this.#rest = rest;
    return [];
  }
}
