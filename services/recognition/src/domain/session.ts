import { decide, evolve, forget, initialCascade, take, type CascadeState } from './cascade.ts';
import type { Channel, Finding } from './finding.ts';
import { clip } from './interval.ts';
import { initialJudgement, judge, type JudgementState, type RecognitionTerms } from './judgement.ts';
import type { Measurement } from './measurement.ts';
import { conclude, initialNarration, lapse, narrate, tell, type Fact, type NarrationState, type Told } from './narration.ts';

/**
 * The observation of the counterpart for one side of one call, from the first observation to the end. It is a function
 * of the observations and of media time alone: the same observations, sent again after a restart, tell the same.
 */
export interface Session {
  readonly progress: Waiting | Observing | Ended;
  /** Media time, as the device gave it, of the last observation of each channel: what is sent again is known by it. */
  readonly seenMs: Readonly<Record<Channel, number>>;
  /** The same over all channels; -1 at first. */
  readonly arrivedThroughMs: number;
  readonly judgement: JudgementState;
  readonly tally: Tally;
  /** The device said that no observation follows. */
  readonly finishedAtMs: number | undefined;
  /** The counterpart's video is not displayed any more. */
  readonly stoppedAtMs: number | undefined;
  /** Media time since which this counterpart's video is displayed, stopped or not; -1 before any is known of. */
  readonly startedAtMs: number;
  /** Who has been seen since then has consented to being observed; undefined before any video. */
  readonly consents: boolean | undefined;
  /** The call has ended. */
  readonly completedAtMs: number | undefined;
}

interface Waiting {
  readonly phase: 'waiting';
}

interface Observing {
  readonly phase: 'observing';
  readonly terms: RecognitionTerms;
  readonly cascade: CascadeState;
  readonly narration: NarrationState;
  /** The step of media time of which progress was told last. */
  readonly progressStep: number;
}

interface Ended {
  readonly phase: 'ended';
  readonly finalMs: number;
}

export interface Tally {
  readonly analysed: number;
  /** Newer ones came before these could be analysed. */
  readonly skipped: number;
  /** Unusable. */
  readonly refused: number;
}

/** What became of one observation. */
export interface Outcome {
  readonly channel: Channel;
  /** As the device gave it. */
  readonly claimedMs: number;
  /** Not later than it was received. */
  readonly atMs: number;
  readonly result: { readonly type: 'measured'; readonly measurement: Measurement } | { readonly type: 'skipped' | 'refused' };
}

export type EndReason = 'device_finished' | 'call_completed' | 'observations_overdue' | 'not_consented';

export type ReactionFact =
  | Fact
  | { readonly type: 'observing' }
  | { readonly type: 'withheld' }
  | ({ readonly type: 'progress' } & Tally)
  | ({ readonly type: 'ended'; readonly finalMs: number; readonly reason: EndReason } & Tally);

export type Command =
  /** Observations in the order in which they were sent. */
  | { readonly type: 'observe'; readonly outcomes: readonly Outcome[]; readonly terms: RecognitionTerms; readonly progressMs: number }
  | { readonly type: 'finish'; readonly claimedMs: number; readonly atMs: number }
  | { readonly type: 'start_video'; readonly atMs: number; readonly consents: boolean }
  | { readonly type: 'stop_video'; readonly atMs: number }
  | { readonly type: 'complete'; readonly atMs: number }
  /** Nothing more is waited for. */
  | { readonly type: 'expire' };

export interface Step {
  readonly session: Session;
  readonly told: readonly Told<ReactionFact>[];
}

export const initialSession: Session = {
  progress: { phase: 'waiting' },
  seenMs: { face: -1, voice: -1, text: -1 },
  arrivedThroughMs: -1,
  judgement: initialJudgement,
  tally: { analysed: 0, skipped: 0, refused: 0 },
  finishedAtMs: undefined,
  stoppedAtMs: undefined,
  startedAtMs: -1,
  consents: undefined,
  completedAtMs: undefined,
};

/** Applies a command. Once ended, nothing changes and nothing is told any more. */
export function step(command: Command, session: Session): Step {
  if (session.progress.phase === 'ended') return { session, told: [] };
  switch (command.type) {
    case 'observe':
      return endIfDue(observe(command, session));
    case 'finish':
      return endIfDue(unchanged(finish(command, session)));
    case 'start_video':
      return startVideo(command, session);
    case 'stop_video':
      return endIfDue(unchanged(stopVideo(command, session)));
    case 'complete':
      return endIfDue(unchanged({ ...session, completedAtMs: command.atMs }));
    case 'expire':
      return end(unchanged(session), 'observations_overdue');
  }
}

/** Observations up to and including this media time need not be sent again; others may still come at the next one. */
export function acknowledgedThroughMs({ progress, arrivedThroughMs, finishedAtMs }: Session): number {
  const complete = progress.phase === 'ended' || finishedAtMs !== undefined;
  return complete ? arrivedThroughMs : Math.max(-1, arrivedThroughMs - 1);
}

function unchanged(session: Session): Step {
  return { session, told: [] };
}

function throughMs({ progress }: Session): number {
  return progress.phase === 'observing' ? progress.cascade.throughMs : 0;
}

type Observe = Extract<Command, { type: 'observe' }>;
type StartVideo = Extract<Command, { type: 'start_video' }>;

function observe(command: Observe, session: Session): Step {
  let at: Step = unchanged(session);
  if (session.consents === false) return at;
  for (const outcome of command.outcomes) {
    if (outcome.claimedMs <= at.session.seenMs[outcome.channel]) continue;
    const next = count(at.session, outcome);
    at = outcome.result.type === 'measured' ? measure(next, outcome.atMs, outcome.result.measurement, command, at.told) : { session: next, told: at.told };
  }
  return at;
}

function count(session: Session, { channel, claimedMs, result }: Outcome): Session {
  const kind = result.type === 'measured' ? 'analysed' : result.type;
  return {
    ...session,
    seenMs: { ...session.seenMs, [channel]: claimedMs },
    arrivedThroughMs: Math.max(session.arrivedThroughMs, claimedMs),
    tally: { ...session.tally, [kind]: session.tally[kind] + 1 },
  };
}

function finish({ claimedMs, atMs }: Extract<Command, { type: 'finish' }>, session: Session): Session {
  // What was observed cannot be taken back by an end that is put before it.
  const finishedAtMs = session.finishedAtMs ?? Math.max(atMs, throughMs(session));
  return { ...session, finishedAtMs, arrivedThroughMs: Math.max(session.arrivedThroughMs, claimedMs) };
}

/** What is displayed since is not stopped by it, and what has stopped does not stop again later: a leg that ends without video only ends. */
function stopVideo({ atMs }: Extract<Command, { type: 'stop_video' }>, session: Session): Session {
  return atMs < session.startedAtMs ? session : { ...session, stoppedAtMs: Math.min(atMs, session.stoppedAtMs ?? atMs) };
}

/**
 * What ended before is not the end after all. The command may come late, and twice, since the grant of a stream tells of the
 * start, too: an end after the start stands, and an earlier start than is known tells nothing.
 */
function startVideo({ atMs, consents }: StartVideo, session: Session): Step {
  if (atMs < session.startedAtMs) return unchanged(session);
  const ifAfter = (endMs: number | undefined): number | undefined => (endMs !== undefined && endMs >= atMs ? endMs : undefined);
  const { progress, stoppedAtMs = Infinity } = session;
  const started: Session = { ...session, stoppedAtMs: ifAfter(session.stoppedAtMs), finishedAtMs: ifAfter(session.finishedAtMs), startedAtMs: atMs, consents };
  const cutMs = consents ? stoppedAtMs : Math.min(stoppedAtMs, atMs);
  const goesOn = progress.phase === 'observing' && consents && Math.max(cutMs, progress.cascade.throughMs) >= atMs;
  const cut = progress.phase !== 'observing' || goesOn ? unchanged(started) : cutOff(started, progress, Math.min(cutMs, endMs(session)));
  return consents || session.consents === false ? cut : withhold(cut);
}

/** What was shown before does not hold after it: until the next finding nothing is observed, and who is seen then may be another. */
function cutOff(session: Session, progress: Observing, atMs: number): Step {
  const { observing, told } = pass(progress, atMs);
  const cut = { ...observing, cascade: forget(observing.cascade), narration: lapse(observing.narration) };
  return { session: { ...session, progress: cut, judgement: initialJudgement }, told };
}

/** Told whenever consent is not given any more, or not at first. */
function withhold({ session, told }: Step): Step {
  return { session, told: [...told, { fact: { type: 'withheld' }, observedThroughMs: throughMs(session), intervals: [] }] };
}

function measure(session: Session, atMs: number, measurement: Measurement, { terms, progressMs }: Observe, before: Step['told']): Step {
  // Those that observation began with hold to its end.
  const held = session.progress.phase === 'observing' ? session.progress.terms : terms;
  const { state, finding } = judge(session.judgement, atMs, measurement, held);
  return find({ ...session, judgement: state }, finding, terms, progressMs, before);
}

/** Time passes until the finding, but not past the end; before it the finding is taken in. */
function find(session: Session, finding: Finding, terms: RecognitionTerms, progressMs: number, before: Step['told']): Step {
  const told = [...before];
  if (session.progress.phase === 'waiting') told.push({ fact: { type: 'observing' }, observedThroughMs: 0, intervals: [] });
  const observing = session.progress.phase === 'observing' ? session.progress : begin(terms);
  // Media time never goes back, not even to an end that is heard of late.
  const atMs = Math.max(Math.min(finding.atMs, endMs(session)), observing.cascade.throughMs);
  const passed = pass(observing, atMs);
  told.push(...passed.told);
  let { narration } = passed.observing;
  const progressStep = Math.floor(atMs / progressMs);
  if (progressStep > observing.progressStep) {
    const progress = tell(narration, { type: 'progress' as const, ...session.tally }, atMs);
    told.push(progress.told);
    narration = progress.state;
  }
  const counts = atMs < endMs(session);
  const cascade = counts ? take(passed.observing.cascade, { ...finding, atMs }, observing.terms) : passed.observing.cascade;
  return { session: { ...session, progress: { ...observing, cascade, narration, progressStep } }, told };
}

function begin(terms: RecognitionTerms): Observing {
  return { phase: 'observing', terms, cascade: initialCascade, narration: initialNarration, progressStep: 0 };
}

function pass(observing: Observing, untilMs: number): { observing: Observing; told: Told<Fact>[] } {
  let { cascade, narration } = observing;
  const told: Told<Fact>[] = [];
  for (const passage of decide(untilMs, cascade, observing.terms)) {
    cascade = evolve(cascade, passage);
    const narrated = narrate(narration, passage);
    narration = narrated.state;
    told.push(...narrated.told);
  }
  return { observing: { ...observing, cascade, narration }, told };
}

/** The call has to be over, and the observations of it complete: the device said so, or they have gone past its end. */
function endIfDue(at: Step): Step {
  const { progress, finishedAtMs, completedAtMs } = at.session;
  if (completedAtMs === undefined) return at;
  if (at.session.consents === false) return end(at, 'not_consented');
  if (finishedAtMs !== undefined) return end(at, 'device_finished');
  const passed = progress.phase === 'observing' && progress.cascade.throughMs >= endMs(at.session);
  return passed ? end(at, 'call_completed') : at;
}

function endMs({ stoppedAtMs = Infinity, completedAtMs = Infinity }: Session): number {
  return Math.min(stoppedAtMs, completedAtMs);
}

function end({ session, told }: Step, reason: EndReason): Step {
  const { progress, tally, finishedAtMs = Infinity } = session;
  if (progress.phase === 'ended') return { session, told };
  const known = Math.min(endMs(session), finishedAtMs);
  const finalMs = Number.isFinite(known) ? known : throughMs(session);
  const fact = { type: 'ended', finalMs, reason, ...tally } as const;
  const ended: Session = { ...session, progress: { phase: 'ended', finalMs } };
  if (progress.phase === 'waiting') {
    const intervals = clip([{ fromMs: 0, toMs: finalMs, kind: 'unobserved', confidence: 0 }], finalMs);
    return { session: ended, told: [...told, { fact, observedThroughMs: finalMs, intervals }] };
  }
  const passed = pass(progress, finalMs);
  const last = tell(conclude(passed.observing.narration, finalMs), fact, Math.max(throughMs(session), finalMs));
  return { session: ended, told: [...told, ...passed.told, last.told] };
}
