import { CHUNK_SAMPLES, durationMs, SAMPLE_RATE_HZ, segments, SILERO_RULE, type VoiceStream } from '@parley/speech';
import type { VoiceMeasurement } from '../../domain/measurement.ts';
import { EchoFinder } from './echo-finder.ts';

const CHUNK_MS = (CHUNK_SAMPLES * 1000) / SAMPLE_RATE_HZ;
/** Media time is of whole milliseconds, and clocks differ. */
const MAX_GAP_MS = 100;
/** One second: what goes before decides with a piece whether there is speech in it. */
const KEPT_CHUNKS = 32;
/** Of a chunk's power: with so much of it explained by what was sent, nobody else speaks at nearly the same level. */
const ECHO_SHARE = 0.8;

interface Chunk {
  /** Of speech, 0..1. */
  readonly probability: number;
  readonly isEcho: boolean;
}

/**
 * Hears one sound, in pieces. A piece is judged by the chunks of 32 ms that end in it: what is left at its end is heard with
 * the next one, and a piece in which no chunk ends is as the chunk before it.
 */
export class ListeningEar {
  readonly #stream: VoiceStream;
  readonly #fromMs: number;
  #heardMs = 0;
  /** What does not fill a chunk, of both. */
  #heard = new Int16Array(0);
  #sent = new Int16Array(0);
  #chunks: readonly Chunk[] = [];
  /** From the first piece on with which comes what was sent. */
  #echoes: EchoFinder | undefined;

  /** @param fromMs media time of the first sample */
  constructor(stream: VoiceStream, fromMs: number) {
    this.#stream = stream;
    this.#fromMs = fromMs;
  }

  /** Whether a piece of that media time follows what was heard. */
  expects(atMs: number): boolean {
    return Math.abs(this.#fromMs + this.#heardMs - atMs) <= MAX_GAP_MS;
  }

  /**
   * Wipes both when it has heard them.
   * @param sent to the counterpart during the same time, as long; undefined if unknown
   * @throws ParleyError speech.*; it cannot go on then
   */
  async hear(piece: Int16Array, sent?: Int16Array): Promise<VoiceMeasurement> {
    const heard = joined(this.#heard, piece);
    const sentMeanwhile = joined(this.#sent, sent ?? new Int16Array(piece.length));
    const complete = heard.length - (heard.length % CHUNK_SAMPLES);
    if (sent) this.#echoes ??= new EchoFinder();
    let probabilities: number[];
    let shares: readonly number[] | undefined;
    try {
      probabilities = await this.#stream.push(heard.subarray(0, complete));
      shares = this.#echoes?.push(heard.subarray(0, complete), sentMeanwhile.subarray(0, complete));
      this.#heard = heard.slice(complete);
      this.#sent = sentMeanwhile.slice(complete);
    } finally {
      for (const sound of [heard, sentMeanwhile, piece, sent]) sound?.fill(0);
    }
    this.#heardMs += durationMs(piece);
    const ended = probabilities.map((probability, nth) => ({ probability, isEcho: (shares?.[nth] ?? 0) >= ECHO_SHARE }));
    this.#chunks = [...this.#chunks, ...ended].slice(-Math.max(KEPT_CHUNKS, ended.length));
    return measured(this.#chunks, Math.max(1, ended.length), durationMs(piece), this.#heardMs);
  }
}

/**
 * Speech in the last `count` chunks. It has to last for a quarter of a second, and for as long in the piece itself; of a
 * short piece, and of what has only begun, for half.
 */
function measured(chunks: readonly Chunk[], count: number, lengthMs: number, heardMs: number): VoiceMeasurement {
  const { minSpeechMs } = SILERO_RULE;
  const found = segments(chunks.map(({ probability }) => probability), { minSpeechMs: Math.min(minSpeechMs, heardMs / 2) });
  const speech = chunks.filter((_, nth) => nth >= chunks.length - count && found.some(({ fromMs, toMs }) => fromMs <= nth * CHUNK_MS && nth * CHUNK_MS < toMs));
  const speechMs = Math.min(lengthMs, speech.length * CHUNK_MS);
  if (speechMs === 0 || speechMs < Math.min(minSpeechMs, lengthMs / 2)) return { channel: 'voice', speechMs: 0, confidence: 0, echo: 0 };
  return {
    channel: 'voice',
    speechMs,
    confidence: speech.reduce((sum, { probability }) => sum + probability, 0) / speech.length,
    echo: speech.filter(({ isEcho }) => isEcho).length / speech.length,
  };
}

function joined(one: Int16Array, other: Int16Array): Int16Array<ArrayBuffer> {
  const both = new Int16Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
