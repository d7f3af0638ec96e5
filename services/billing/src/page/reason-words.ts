import { ChargeReason } from '@parley/contracts';

export interface ReasonWords {
  /** For the picture, where there is no room for more. */
  readonly letter: string;
  readonly short: string;
  /** In a sentence about the counterpart, for whoever pays. */
  readonly explained: string;
  /** The same for the counterpart. */
  readonly explainedToSeen: string;
}

/** Each reason in words. */
export const reasonWords: Readonly<Record<Exclude<ChargeReason, ChargeReason.UNSPECIFIED>, ReasonWords>> = {
  [ChargeReason.FACE]: { letter: 'F', short: 'face', explained: 'The face of the other side was seen.', explainedToSeen: 'Your face was seen.' },
  [ChargeReason.VOICE]: { letter: 'V', short: 'voice', explained: 'No face was seen, but the other side spoke.', explainedToSeen: 'Your face was not seen, but you were heard.' },
  [ChargeReason.TEXT]: { letter: 'T', short: 'text', explained: 'Neither face nor voice, but the other side wrote.', explainedToSeen: 'You were neither seen nor heard, but you wrote.' },
  [ChargeReason.GRACE_RECOVERED]: { letter: 'g', short: 'short absence', explained: 'The other side was gone for a moment and came back.', explainedToSeen: 'You were gone for a moment and came back.' },
  [ChargeReason.GRACE_LAPSED]: { letter: 'w', short: 'waited', explained: 'The other side was waited for, and did not come back in time.', explainedToSeen: 'You were waited for, and did not come back in time.' },
  [ChargeReason.ABSENT]: { letter: 'a', short: 'absent', explained: 'Face, voice and text had all been absent for as long as the policy waits.', explainedToSeen: 'You had not been seen, heard or read for as long as the policy waits.' },
  [ChargeReason.UNOBSERVED]: { letter: 'u', short: 'not observed', explained: 'Nothing was observed: no video was displayed, the device sent nothing, or the other side has not consented.', explainedToSeen: 'Nothing was observed: your video was not displayed, the device of the other side sent nothing, or you have not consented.' },
  [ChargeReason.FREE_PERIOD]: { letter: 'f', short: 'free period', explained: 'The first time of the call, which is free.', explainedToSeen: 'The first time of the call, which is free.' },
  [ChargeReason.NOT_GRANTED]: { letter: 'b', short: 'balance used up', explained: 'The balance did not cover it.', explainedToSeen: 'The other side could not pay for it.' },
  [ChargeReason.NOT_LIVE]: { letter: 'n', short: 'not live', explained: 'A face was shown, but nothing showed that it lives.', explainedToSeen: 'Your face was shown, but nothing showed that it lives.' },
  [ChargeReason.RESUMING]: { letter: 'r', short: 'resuming', explained: 'The other side was there again, for less time than the policy waits for after an absence.', explainedToSeen: 'You were there again, for less time than the policy waits for after an absence.' },
  [ChargeReason.FREE_HOURS]: { letter: 'h', short: 'free hours', explained: 'The policy takes nothing at this hour of the week.', explainedToSeen: 'The policy takes nothing at this hour of the week.' },
  [ChargeReason.CAPPED]: { letter: 'c', short: 'capped', explained: 'The call had reached the most that it may cost.', explainedToSeen: 'The call had reached the most that it may cost.' },
};
