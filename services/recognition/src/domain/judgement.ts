import type { CascadeTerms, Finding } from './finding.ts';
import type { FaceMeasurement, Measurement, TextMeasurement, VoiceMeasurement } from './measurement.ts';

/** Of how measurements are judged and what follows from it: goes up with each change after which the same ones may come to other intervals. */
export const RULES_VERSION = 1;

/** The part of a billing policy that recognition goes by. */
export interface RecognitionTerms extends CascadeTerms {
  /** Claim 5: smallest ratio of the area of a face's components to the picture's, 0..1. */
  readonly minFaceAreaRatio: number;
  /** How long a face counts without a sign of life; 0: no sign is asked for. */
  readonly livenessMs: number;
}

type Judged = Pick<Finding, 'present' | 'confidence' | 'isPending'>;

const NOBODY: Judged = { present: false, confidence: 0, isPending: false };
/** Of a face that counts: as much of it has to be in the picture. */
const MIN_INSIDE = 0.5;
/** Of speech that counts: as much at most may be the payer's own, coming back. */
const MAX_ECHO = 0.5;

/** What a measurement says: whether somebody is there. */
export function judge(measurement: Measurement, terms: RecognitionTerms): Judged {
  switch (measurement.channel) {
    case 'face':
      return judgeFace(measurement, terms);
    case 'voice':
      return judgeVoice(measurement);
    case 'text':
      return judgeText(measurement);
  }
}

function judgeFace({ faces, areaRatio, inside, score }: FaceMeasurement, { minFaceAreaRatio }: RecognitionTerms): Judged {
  const counts = faces > 0 && areaRatio >= minFaceAreaRatio && inside >= MIN_INSIDE;
  return counts ? { present: true, confidence: score, isPending: false } : NOBODY;
}

function judgeVoice({ speechMs, confidence, echo }: VoiceMeasurement): Judged {
  return speechMs > 0 && echo <= MAX_ECHO ? { present: true, confidence, isPending: false } : NOBODY;
}

function judgeText({ readable }: TextMeasurement): Judged {
  return readable ? { present: true, confidence: 1, isPending: false } : NOBODY;
}
