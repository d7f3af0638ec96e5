import type { Stage } from '../domain/cascade.ts';
import type { CascadeTerms, Channel, Finding } from '../domain/finding.ts';
import type { Interval, IntervalKind } from '../domain/interval.ts';
import type { Fact } from '../domain/narration.ts';

/**
 * What the cascade must say, for tests: written a second time, from the requirements and in another manner. It has all
 * findings before it, and asks of every single millisecond what is true in it.
 */
interface Millisecond {
  readonly stage: Stage;
  readonly kind: 'evidence' | 'pending' | 'grace' | 'absent' | 'not_live' | 'unobserved';
  readonly confidence: number;
}

export interface Expected {
  readonly intervals: Interval[];
  readonly facts: Fact[];
}

/** @param stoppedAtMs where the video stopped, to start again later: what was found before it does not hold beyond it, nor is decided after it */
export function expectedOf(findings: readonly Finding[], finalMs: number, terms: CascadeTerms, stoppedAtMs = Infinity): Expected {
  const line = millisecondsOf(findings, finalMs, terms, stoppedAtMs);
  return { intervals: intervalsOf(line, stoppedAtMs), facts: factsOf(line, stoppedAtMs) };
}

function millisecondsOf(all: readonly Finding[], finalMs: number, terms: CascadeTerms, stoppedAtMs: number): Millisecond[] {
  const line: Millisecond[] = [];
  let stage: Stage = 'face';
  let quietMs = 0;
  for (let t = 0; t < finalMs; t += 1) {
    const findings = t < stoppedAtMs ? all : all.filter(({ atMs }) => atMs >= stoppedAtMs);
    const observed = findings.some(({ atMs }) => atMs <= t && t < atMs + terms.maxGapMs);
    const shown = { face: latest('face', findings, t, terms), voice: latest('voice', findings, t, terms), text: typed(findings, t, terms) };
    const is = (channel: Channel): boolean => observed && shown[channel] !== undefined && shown[channel].presence !== 'refused';
    if (is('face') && shown.face?.presence === 'there') stage = 'face';
    else if (stage !== 'face' && is('voice')) stage = 'voice';
    else if (stage === 'absent' && is('text')) stage = 'text';
    const absentMs: Record<Channel, number> = { face: terms.faceAbsentMs, voice: terms.voiceAbsentMs, text: terms.textAbsentMs };
    while (stage !== 'absent' && !is(stage) && quietMs >= absentMs[stage]) {
      stage = stage === 'face' ? 'voice' : stage === 'voice' ? 'text' : 'absent';
      quietMs = 0;
    }
    if (stage !== 'absent' && is(stage)) {
      quietMs = 0;
      line.push({ stage, kind: shown[stage]?.presence === 'pending' ? 'pending' : 'evidence', confidence: shown[stage]?.confidence ?? 0 });
    } else {
      quietMs += 1;
      line.push({ stage, kind: !observed ? 'unobserved' : stage !== 'absent' ? 'grace' : shown.face ? 'not_live' : 'absent', confidence: 0 });
    }
  }
  return line;
}

/** "A face or voice finding holds until the next finding of its channel, at most maxGapMs." */
function latest(channel: Channel, findings: readonly Finding[], t: number, terms: CascadeTerms): Finding | undefined {
  const last = findings.filter((finding) => finding.channel === channel && finding.atMs <= t).at(-1);
  return last && last.presence !== 'nobody' && t < last.atMs + terms.maxGapMs ? last : undefined;
}

/** "A text holds for textHoldMs." */
function typed(findings: readonly Finding[], t: number, terms: CascadeTerms): Finding | undefined {
  return findings.findLast(({ channel, presence, atMs }) => channel === 'text' && presence === 'there' && atMs <= t && t < atMs + terms.textHoldMs);
}

function intervalsOf(line: readonly Millisecond[], stoppedAtMs: number): Interval[] {
  const intervals: Interval[] = [];
  let weight = 0;
  line.forEach((millisecond, t) => {
    const { stage } = millisecond;
    const { named, confidence } = nameOf(t < stoppedAtMs ? line.slice(0, stoppedAtMs) : line, t, millisecond);
    const channel = named === 'not_live' ? 'face' : named === 'absent' || named === 'unobserved' || stage === 'absent' ? undefined : stage;
    const last = intervals.at(-1);
    if (last && last.kind === named && last.channel === channel) {
      weight += confidence;
      intervals[intervals.length - 1] = { ...last, toMs: t + 1, confidence: weight / (t + 1 - last.fromMs) };
    } else {
      weight = confidence;
      intervals.push({ fromMs: t, toMs: t + 1, kind: named, confidence, ...(channel && { channel }) });
    }
  });
  return intervals;
}

/** How a grace and a face that is to show that it lives end. What is cut off by the end of the call has not ended well. */
function nameOf(line: readonly Millisecond[], t: number, { kind, confidence }: Millisecond): { readonly named: IntervalKind; readonly confidence: number } {
  const decision = line.slice(t).find((later) => later.kind === 'evidence' || later.stage === 'absent');
  const presence = decision?.kind === 'evidence' ? decision.stage : undefined;
  if (kind === 'grace') return { named: presence ? 'grace_recovered' : 'grace_lapsed', confidence };
  if (kind === 'pending') return presence === 'face' ? { named: 'evidence', confidence } : { named: 'not_live', confidence: 0 };
  return { named: kind, confidence };
}

/** Where the face that turns out to live at `t` was seen first. */
function seenSince(line: readonly Millisecond[], t: number, videoSinceMs: number): number {
  const begin = Math.max(videoSinceMs, line.slice(0, t).findLastIndex(({ kind, stage }) => kind === 'evidence' || stage === 'absent') + 1);
  const pending = line.slice(begin, t).findIndex(({ kind }) => kind === 'pending');
  return pending === -1 ? t : begin + pending;
}

function factsOf(line: readonly Millisecond[], stoppedAtMs: number): Fact[] {
  const facts: Fact[] = [];
  let reacting = false;
  line.forEach(({ stage, kind }, t) => {
    const before = line[t - 1]?.stage ?? 'face';
    if (stage === 'absent' && before !== 'absent') {
      facts.push({ type: 'absent', sinceMs: t });
      reacting = false;
    } else if (stage !== 'absent' && before !== 'absent' && stage !== before) {
      facts.push({ type: 'channel_changed', from: before, to: stage, atMs: t });
    }
    if (stage !== 'absent' && kind === 'evidence' && !reacting) {
      facts.push({ type: 'present', channel: stage, sinceMs: stage === 'face' ? seenSince(line, t, t < stoppedAtMs ? 0 : stoppedAtMs) : t });
      reacting = true;
    }
  });
  return facts;
}
