import { parleyError, toParleyError, type ErrorCode, type ParleyError } from '@parley/errors';
import { attributeNames, logger, timed } from '@parley/telemetry';
import { admissionOf, admit, isMediaTime, type Admission, type Verdict } from '../domain/admission.ts';
import type { Channel } from '../domain/finding.ts';
import type { FaceMeasurement, Measurement, VoiceMeasurement } from '../domain/measurement.ts';
import type { Outcome, Session } from '../domain/session.ts';
import { NewestWinsQueue, type QueueBounds } from './newest-wins-queue.ts';
import type { ObservationMessage, Refusal } from './observation-message.ts';
import type { Recognisers, VoiceContent } from './recognisers.ts';

const log = logger('intake');

/** What became of a message. */
export type Taken =
  | { readonly type: 'observed'; readonly outcome: Outcome; readonly refusal?: Refusal }
  /** Has no place in media time. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'finished'; readonly claimedMs: number; readonly atMs: number };

export interface IntakeOptions {
  readonly mediaOriginMs: number;
  readonly recognisers: Recognisers;
  readonly bounds: QueueBounds;
  /** UTC. */
  readonly nowMs: () => number;
}

const REFUSALS = {
  impossible: ['observation.media_time', 'the media time is negative or too large'],
  goes_back: ['observation.media_time', 'the media time is before that of an earlier observation'],
  finished: ['observation.finished', 'the observation of this side of the call has ended'],
} as const satisfies Record<Exclude<Verdict, 'new' | 'duplicate'>, readonly [ErrorCode, string]>;

function refusalError(verdict: keyof typeof REFUSALS): ParleyError {
  const [code, message] = REFUSALS[verdict];
  return parleyError(code, message);
}

/** Takes messages of one stream in: places them in media time, refuses what cannot be used, and has the rest analysed. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #faces: NewestWinsQueue<Placed<Uint8Array>, FaceMeasurement>;
  readonly #voices: NewestWinsQueue<Placed<VoiceContent>, VoiceMeasurement>;
  #admission: Admission;
  /** The device said so on this stream. */
  #hasFinished = false;

  constructor(session: Session, options: IntakeOptions) {
    const { recognisers, bounds } = options;
    this.#options = options;
    this.#admission = admissionOf(session);
    this.#faces = new NewestWinsQueue(({ content, atMs }) => timedMeasure('face', () => recognisers.face.measure(content, atMs)), bounds);
    this.#voices = new NewestWinsQueue(({ content, atMs }) => timedMeasure('voice', () => recognisers.voice.measure(content, atMs)), bounds);
  }

  /**
   * Takes over the message's bytes: they are wiped as soon as nothing needs them any more.
   * @returns undefined for what came before; else a promise that never rejects
   */
  take({ claimedMs, content }: ObservationMessage): Promise<Taken> | undefined {
    // By its reading, not by its arrival at the host: to be read late is to the device's good.
    const receiptMs = Math.max(0, this.#options.nowMs() - this.#options.mediaOriginMs);
    const atMs = Math.min(claimedMs, receiptMs);
    switch (content.type) {
      case 'empty':
        return refused(claimedMs, parleyError('observation.empty', 'the message carries no observation'));
      case 'finished':
        return this.#finish(claimedMs, atMs);
      case 'face':
      case 'voice':
      case 'text':
        return this.#observe({ channel: content.type, claimedMs, atMs }, content);
    }
  }

  /** Goes by what the session knows by now: the observation may have ended, or a video that had stopped may have started again. */
  refresh(session: Session): void {
    this.#admission = { ...this.#admission, finished: this.#hasFinished || admissionOf(session).finished };
  }

  /** Lets go of all content that waits. */
  close(): void {
    for (const { content } of this.#faces.clear()) content.fill(0);
    for (const { content } of this.#voices.clear()) wipeSound(content);
  }

  #finish(claimedMs: number, atMs: number): Promise<Taken> {
    if (!isMediaTime(claimedMs)) return refused(claimedMs, refusalError('impossible'));
    this.#hasFinished = true;
    this.#admission = { ...this.#admission, finished: true };
    return Promise.resolve({ type: 'finished', claimedMs, atMs });
  }

  #observe(place: Omit<Outcome, 'result'>, content: Content): Promise<Taken> | undefined {
    const { verdict, admission } = admit(place.channel, place.claimedMs, this.#admission);
    this.#admission = admission;
    if (verdict === 'new') return this.#analyse(place, content);
    wipe(content);
    return verdict === 'duplicate' ? undefined : refused(place.claimedMs, refusalError(verdict));
  }

  async #analyse(place: Omit<Outcome, 'result'>, content: Content): Promise<Taken> {
    try {
      const measured = await this.#measure(content, place.claimedMs);
      const result = measured === 'skipped' ? ({ type: 'skipped' } as const) : ({ type: 'measured', measurement: measured } as const);
      return { type: 'observed', outcome: { ...place, result } };
    } catch (error) {
      return { type: 'observed', outcome: { ...place, result: { type: 'refused' } }, refusal: refusalOf(place.claimedMs, error) };
    } finally {
      wipe(content);
    }
  }

  async #measure(content: Content, atMs: number): Promise<Measurement | 'skipped'> {
    const { face, voice, text } = this.#options.recognisers;
    switch (content.type) {
      case 'face':
        face.check(content.bytes);
        return this.#faces.push({ content: content.bytes, atMs }, content.bytes.length);
      case 'voice':
        voice.check(content.audio);
        return this.#voices.push({ content: content.audio, atMs }, content.audio.pcm.length + (content.audio.sentPcm?.length ?? 0));
      case 'text':
        text.check(content.text);
        return text.measure(content.text, atMs);
    }
  }
}

type Content = Extract<ObservationMessage['content'], { type: Channel }>;

/** What waits to be measured. */
interface Placed<Waiting> {
  readonly content: Waiting;
  readonly atMs: number;
}

/** What was sent is not left to lie in memory until that is used again. A text is a string, which cannot be wiped. */
function wipe(content: Content): void {
  if (content.type === 'face') content.bytes.fill(0);
  if (content.type === 'voice') wipeSound(content.audio);
}

function wipeSound({ pcm, sentPcm }: VoiceContent): void {
  pcm.fill(0);
  sentPcm?.fill(0);
}

function timedMeasure<Measured>(channel: Channel, measure: () => Promise<Measured>): Promise<Measured> {
  return timed('parley.recognition.duration', { [attributeNames.channel]: channel }, measure);
}

function refused(claimedMs: number, error: unknown): Promise<Taken> {
  return Promise.resolve({ type: 'refused', refusal: refusalOf(claimedMs, error) });
}

function refusalOf(claimedMs: number, error: unknown): Refusal {
  const { code, message, row } = toParleyError(error);
  if (row.log === 'error') log.error({ err: error, code }, 'an observation could not be analysed');
  return { claimedMs, code, message };
}
