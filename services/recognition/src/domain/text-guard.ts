import type { TextMeasurement } from './measurement.ts';

/** What was typed lately, as far as it tells a person from a machine. */
export interface TextGuardState {
  /** The last messages with something to read in them, oldest first. */
  readonly messages: readonly { readonly atMs: number; readonly digest: string }[];
  /** Time spent typing since the last message that counts. */
  readonly typedMs: number;
  /** Of the last typing signal; -1 before the first. Media time. */
  readonly typingAtMs: number;
}

export const initialTextGuard: TextGuardState = { messages: [], typedMs: 0, typingAtMs: -1 };

/** Typing counts for so long without a message: an indicator may be stuck. */
export const MAX_TYPING_MS = 30_000;
/** A typing signal stands for so much typing at most: it is repeated while somebody types. */
export const TYPING_SIGNAL_MS = 5000;
/** Intervals of a machine differ by less than this share of the longer one. */
const REGULAR_SHARE = 0.1;
/** A text that is repeated does not count if the last so many messages are all that text, and came at regular intervals, ... */
const REGULAR_IN_A_ROW = 3;
/** ... if the last so many of it did, whatever was said in between, ... */
const REGULAR_REPEATS = 4;
/** ... or if so many messages did, with no more than so many texts among them. */
const REGULAR_MESSAGES = 6;
const FEW_TEXTS = 3;
/** One and the same text does not count more often than this while nothing else is said. */
export const MAX_IN_A_ROW = 10;
/** Remembered: up to seven texts in turn are found. */
const MAX_MESSAGES = 24;

/**
 * Whether a text or a typing signal counts, or is a machine's that keeps the call alive.
 * @param atMs media time, not before that of the text before
 */
export function judgeText(state: TextGuardState, atMs: number, text: TextMeasurement): { readonly state: TextGuardState; readonly counts: boolean } {
  if (text.kind === 'typing') return judgeTyping(state, atMs);
  if (!text.readable) return { state, counts: false };
  // What was measured before there were digests can be told from nothing.
  if (text.digest === '') return { state, counts: true };
  const messages = [...state.messages, { atMs, digest: text.digest }].slice(-MAX_MESSAGES);
  const counts = !isRhythm(messages) && !isStuck(messages);
  return { state: { ...state, messages, typedMs: counts ? 0 : state.typedMs }, counts };
}

function judgeTyping(state: TextGuardState, atMs: number): { readonly state: TextGuardState; readonly counts: boolean } {
  const { typingAtMs, typedMs } = state;
  const typed = typingAtMs === -1 ? 0 : Math.min(atMs - typingAtMs, TYPING_SIGNAL_MS);
  const through = Math.min(typedMs + typed, MAX_TYPING_MS);
  return { state: { ...state, typedMs: through, typingAtMs: atMs }, counts: through < MAX_TYPING_MS };
}

type Messages = TextGuardState['messages'];

function isRhythm(messages: Messages): boolean {
  const same = messages.filter(({ digest }) => digest === messages.at(-1)?.digest);
  return (
    isRegular(same, REGULAR_REPEATS) ||
    (isRegular(messages, REGULAR_IN_A_ROW) && textsIn(messages, REGULAR_IN_A_ROW) === 1) ||
    (isRegular(messages, REGULAR_MESSAGES) && textsIn(messages, REGULAR_MESSAGES) <= FEW_TEXTS)
  );
}

function isStuck(messages: Messages): boolean {
  return messages.length > MAX_IN_A_ROW && textsIn(messages, MAX_IN_A_ROW + 1) === 1;
}

/** @returns how many texts there are among the last `count` */
function textsIn(messages: Messages, count: number): number {
  return new Set(messages.slice(-count).map(({ digest }) => digest)).size;
}

/** @returns whether the last `count` are there, and came at intervals that hardly differ */
function isRegular(messages: Messages, count: number): boolean {
  const last = messages.slice(-count);
  if (last.length < count) return false;
  const intervals = last.slice(1).map(({ atMs }, nth) => atMs - last[nth]!.atMs);
  return Math.max(...intervals) - Math.min(...intervals) < REGULAR_SHARE * Math.max(...intervals);
}
