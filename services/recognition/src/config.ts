import { defineServiceConfig, integer } from '@parley/config';

/** What recognition reads from its environment. */
export const configDefinition = defineServiceConfig({
  FACE_THREADS: { type: integer({ min: 1, max: 64 }), default: '1', describe: 'threads that look for faces; each takes one processor and about 250 MB' },
  MAX_STREAMS: { type: integer({ min: 1, max: 10_000 }), optional: true, describe: 'streams that this process takes; more are sent to another replica. 20 for each face thread if not set' },
  MAX_STREAMS_PER_ACCOUNT: { type: integer({ min: 1, max: 10_000 }), optional: true, describe: 'of them, those that one account may have; four fifths if not set' },
  QUEUE_OBSERVATIONS: { type: integer({ min: 1, max: 10_000 }), default: '64', describe: 'frames, and pieces of audio, of one stream that may wait to be analysed; older ones are skipped' },
  QUEUE_BYTES: { type: integer({ min: 1 }), default: '33554432', describe: 'the same in bytes' },
  PROGRESS_MS: { type: integer({ min: 50 }), default: '500', describe: 'media time after which `reaction.progress` is told again' },
  END_WAIT_MS: { type: integer({ min: 0 }), default: '5000', describe: 'how long after a call, or after the last observation that still came in, the next one is waited for' },
  END_WAIT_MAX_MS: { type: integer({ min: 0 }), default: '20000', describe: 'how long after a call its observations are waited for at most' },
});
