import { defineServiceConfig, integer } from '@parley/config';

/** What billing reads from its environment. */
export const configDefinition = defineServiceConfig({
  RECOGNITION_TIMEOUT_MS: { type: integer({ min: 100 }), default: '30000', describe: 'how long after the final `call.completed` a `reaction.ended` may come; then the call is settled as `recognition_lost`' },
  AUTHORIZATION_TIMEOUT_MS: { type: integer({ min: 1_000 }), default: '120000', describe: 'how long after its authorisation a call may begin; then what is held for it is given back' },
  SILENT_CALL_TIMEOUT_MS: { type: integer({ min: 60_000 }), default: '21600000', describe: 'how long a call may go on without any event; then it is settled as `call_lost`' },
  SWEEP_INTERVAL_MS: { type: integer({ min: 5_000 }), default: '600000', describe: 'between two looks for what is held for calls that are over, and for late charges that a wallet did not cover' },
  LEASE_TTL_MS: { type: integer({ min: 500, max: 60_000 }), default: '5000', describe: 'a replica that gave no sign of life for so long loses its partitions' },
});
