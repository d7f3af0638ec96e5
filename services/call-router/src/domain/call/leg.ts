/** TwiML's Direction. */
export type Direction = 'inbound' | 'outbound-api' | 'outbound-dial';

/** TwiML's CallStatus of a leg that ended. */
export type FinalStatus = 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled';

/** Why a leg ended. */
export type EndCause =
  | 'hangup'
  | 'instructions_ended'
  | 'rejected'
  | 'busy'
  | 'no_answer'
  | 'canceled'
  | 'unreachable'
  | 'device_lost'
  | 'router_lost'
  | 'instructions_failed'
  | 'not_authorized'
  | 'grant_lapsed'
  | 'api'
  | 'internal';

/** Which end of the call: the device on the root leg is the caller's side, one on a dialled leg the callee's. */
export type Party = 'caller' | 'callee';

interface LegFacts {
  /** The CallSid of TwiML. */
  readonly legId: string;
  /** Not set on the root leg. */
  readonly parentLegId?: string;
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  readonly initiatedMs: number;
  /** Its user consents to being observed: face, voice and text. */
  readonly consents?: true;
}

/** A leg that nobody has answered yet. `ringUntilMs`: when it is given up. */
export interface UnansweredLeg extends LegFacts {
  readonly kind: 'initiated' | 'ringing';
  readonly ringUntilMs?: number;
  /** Longest time in progress, once answered. */
  readonly timeLimitMs?: number;
}

export interface AnsweredLeg extends LegFacts {
  readonly kind: 'in_progress';
  readonly answeredMs: number;
  /** When the Dial verb's time limit ends it. */
  readonly endByMs?: number;
  /** The counterpart's video is on this leg's screen. */
  readonly video: boolean;
}

export interface EndedLeg extends LegFacts {
  readonly kind: 'ended';
  readonly status: FinalStatus;
  readonly cause: EndCause;
  readonly answeredMs?: number;
  readonly completedMs: number;
}

export type LiveLeg = UnansweredLeg | AnsweredLeg;
export type Leg = LiveLeg | EndedLeg;

export function isLive(leg: Leg): leg is LiveLeg {
  return leg.kind !== 'ended';
}

/** The address of the device on the leg: it called from there, or is called there. */
export function deviceAddress({ direction, from, to }: Pick<LegFacts, 'direction' | 'from' | 'to'>): string {
  return direction === 'inbound' ? from : to;
}

export function partyOf(leg: Pick<LegFacts, 'parentLegId'>): Party {
  return leg.parentLegId === undefined ? 'caller' : 'callee';
}

/** From answer to end in milliseconds; 0 when it was never answered. */
export function durationMs(leg: Leg, nowMs: number): number {
  if (leg.kind === 'in_progress') return nowMs - leg.answeredMs;
  return leg.kind === 'ended' && leg.answeredMs !== undefined ? leg.completedMs - leg.answeredMs : 0;
}

/** What a leg ends as when something other than its own device's answer decides: by whether it was in progress. */
export function statusWhenCut(leg: LiveLeg, unanswered: FinalStatus): FinalStatus {
  return leg.kind === 'in_progress' ? 'completed' : unanswered;
}
