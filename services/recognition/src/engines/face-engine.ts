import { parleyError } from '@parley/errors';
import type { FaceMeasurement } from '../domain/measurement.ts';
import type { Recogniser } from '../usecases/recognisers.ts';
import type { FaceReply } from './face-messages.ts';
import { FaceThread } from './face-thread.ts';
import { inspectJpeg } from './jpeg-header.ts';

export interface FaceEngine {
  /** For one call: digests of its pictures can be compared with each other only. */
  open(callId: string): Recogniser<Uint8Array, FaceMeasurement>;
  /** Ends the threads; pictures that are being looked at fail. */
  close(): Promise<void>;
}

/** Of the contract. */
const LIMITS = { maxBytes: 2 * 1024 * 1024, maxSidePixels: 1920 };
/** A thread that failed is started anew once: a picture that breaks threads is not to do so for ever. */
const ATTEMPTS = 2;

/**
 * Finds faces with the networks of face-api on onnxruntime, in `threads` threads. Pictures wait for a thread without limit: callers
 * bound how many they bring.
 * @throws when the models cannot be loaded
 */
export async function createFaceEngine({ threads }: { readonly threads: number }): Promise<FaceEngine> {
  const all = Array.from({ length: threads }, () => new FaceThread());
  await Promise.all(all.map((thread) => thread.start()));
  const free = [...all];
  const waiting: ((thread: FaceThread) => void)[] = [];

  const withThread = async <T>(work: (thread: FaceThread) => Promise<T>): Promise<T> => {
    const thread = free.pop() ?? (await new Promise<FaceThread>((resolve) => waiting.push(resolve)));
    try {
      return await work(thread);
    } finally {
      const next = waiting.shift();
      if (next) next(thread);
      else free.push(thread);
    }
  };
  return {
    open: (callId) => ({
      check: (jpeg) => void inspectJpeg(jpeg, LIMITS),
      measure: async (jpeg) => measured(await withThread((thread) => analyse(thread, jpeg, callId))),
    }),
    close: async () => {
      await Promise.all(all.map((thread) => thread.close()));
    },
  };
}

type Answer = Exclude<FaceReply, { type: 'ready' }>;

async function analyse(thread: FaceThread, jpeg: Uint8Array, key: string): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await thread.analyse(jpeg, key);
    } catch (cause) {
      if (attempt === ATTEMPTS || thread.isClosed) throw parleyError('observation.analysis_failed', 'the picture could not be analysed', { cause });
    }
  }
}

function measured(answer: Answer): FaceMeasurement {
  switch (answer.type) {
    case 'measured':
      return answer.measurement;
    case 'not_an_image':
      throw parleyError('observation.not_an_image', `not a JPEG picture: ${answer.why}`);
    case 'failed':
      throw parleyError('observation.analysis_failed', 'the picture could not be analysed', { cause: answer.why });
  }
}
