import type { Channel } from '../domain/finding.ts';
import { NO_FACE, type Measurement } from '../domain/measurement.ts';

/** For tests: a measurement that says, by terms that ask for no liveness, whether somebody is there. */
export function measured(channel: Channel, present: boolean, confidence = 0.9): Measurement {
  switch (channel) {
    case 'face':
      return present ? { ...NO_FACE, faces: 1, score: confidence, areaRatio: 1, inside: 1 } : NO_FACE;
    case 'voice':
      return { channel, speechMs: present ? 500 : 0, confidence: present ? confidence : 0, echo: 0 };
    case 'text':
      return { channel, kind: 'message', readable: present, digest: '' };
  }
}
