import { parleyError, toParleyError, type ErrorCode, type ParleyError } from '@parley/errors';
import { attributeNames, logger, timed } from '@parley/telemetry';
import { admissionOf, admit, isMediaTime, type Admission, type Verdict } from '../domain/admission.ts';
import type { Channel } from '../domain/finding.ts';
import type { PinnedPolicy } from '../domain/observation.ts';
import type { Outcome, Session } from '../domain/session.ts';
import { NewestWinsQueue, type QueueBounds } from './newest-wins-queue.ts';
import type { ObservationMessage, Refusal } from './observation-message.ts';
import type { Recognised, Recogniser, Recognisers } from './recognisers.ts';

const log = logger('intake');

/** What became of a message. */
export type Taken =
  | { readonly type: 'observed'; readonly outcome: Outcome; readonly refusal?: Refusal }
  /** Has no place in media time. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'finished'; readonly claimedMs: number; readonly atMs: number };

export interface IntakeOptions {
  readonly mediaOriginMs: number;
  readonly policy: PinnedPolicy;
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
  readonly #faces: NewestWinsQueue<Uint8Array, Recognised>;
  readonly #voices: NewestWinsQueue<Uint8Array, Recognised>;
  #admission: Admission;
  /** The device said so on this stream. */
  #hasFinished = false;

  constructor(session: Session, options: IntakeOptions) {
    const { recognisers, policy, bounds } = options;
    this.#options = options;
    this.#admission = admissionOf(session);
    this.#faces = new NewestWinsQueue((jpeg) => timedRecognise('face', () => recognisers.face.recognise(jpeg, policy)), bounds);
    this.#voices = new NewestWinsQueue((pcm) => timedRecognise('voice', () => recognisers.voice.recognise(pcm, policy)), bounds);
  }

  /** @returns undefined for what came before; else a promise that never rejects */
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
    this.#faces.clear();
    this.#voices.clear();
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
    if (verdict === 'duplicate') return undefined;
    if (verdict !== 'new') return refused(place.claimedMs, refusalError(verdict));
    return this.#analyse(place, content);
  }

  async #analyse(place: Omit<Outcome, 'result'>, content: Content): Promise<Taken> {
    try {
      const recognised = await this.#recognise(content);
      const result = recognised === 'skipped' ? ({ type: 'skipped' } as const) : ({ type: 'found', ...recognised } as const);
      return { type: 'observed', outcome: { ...place, result } };
    } catch (error) {
      return { type: 'observed', outcome: { ...place, result: { type: 'refused' } }, refusal: refusalOf(place.claimedMs, error) };
    }
  }

  async #recognise(content: Content): Promise<Recognised | 'skipped'> {
    const { recognisers, policy } = this.#options;
    if (content.type === 'text') {
      recognisers.text.check(content.text);
      return recognisers.text.recognise(content.text, policy);
    }
    const [recogniser, queue]: [Recogniser<Uint8Array>, NewestWinsQueue<Uint8Array, Recognised>] =
      content.type === 'face' ? [recognisers.face, this.#faces] : [recognisers.voice, this.#voices];
    recogniser.check(content.bytes);
    return queue.push(content.bytes, content.bytes.length);
  }
}

type Content = Extract<ObservationMessage['content'], { type: Channel }>;

function timedRecognise(channel: Channel, recognise: () => Promise<Recognised>): Promise<Recognised> {
  return timed('parley.recognition.duration', { [attributeNames.channel]: channel }, recognise);
}

function refused(claimedMs: number, error: unknown): Promise<Taken> {
  return Promise.resolve({ type: 'refused', refusal: refusalOf(claimedMs, error) });
}

function refusalOf(claimedMs: number, error: unknown): Refusal {
  const { code, message, row } = toParleyError(error);
  if (row.log === 'error') log.error({ err: error, code }, 'an observation could not be analysed');
  return { claimedMs, code, message };
}
