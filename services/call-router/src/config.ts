import { decimal, defineServiceConfig, integer, list, text } from '@parley/config';

const milliseconds = (min: number) => integer({ min, max: 3_600_000 });

/** What the call router reads from its environment. */
export const configDefinition = defineServiceConfig({
  BILLING_ADDRESS: { type: text(), describe: '`host:port` of billing, or several `ip:port` separated by commas; it authorises every call' },
  SIGNING_KEY_FILE: { type: text(), describe: 'file with the private Ed25519 key (JWK) that observe and service tokens are signed with' },
  EGRESS_ALLOW: { type: list(), optional: true, describe: '`host:port` pairs, separated by commas, that application servers may have although they are not public' },
  LEASE_RENEW_MS: { type: milliseconds(50), default: '2000', describe: 'how often a router says that it lives' },
  DEAD_AFTER_RENEWALS: { type: integer({ min: 2, max: 100 }), default: '5', describe: 'a router that was silent for so many renewals of a peer is dead; the peer adopts its calls' },
  DRAIN_MS: { type: milliseconds(0), default: '5000', describe: 'how long a shutdown waits for live calls before it ends them' },
  FACE_ABSENT_MS: { type: milliseconds(0), default: '3000', describe: 'T1 of calls without a policy' },
  VOICE_ABSENT_MS: { type: milliseconds(0), default: '3000', describe: 'T2 of calls without a policy' },
  TEXT_ABSENT_MS: { type: milliseconds(0), default: '5000', describe: 'T3 of calls without a policy' },
  TEXT_HOLD_MS: { type: milliseconds(0), default: '5000', describe: 'how long a text counts as presence on calls without a policy' },
  MAX_GAP_MS: { type: milliseconds(1), default: '1000', describe: 'how long a finding holds on calls without a policy' },
  LIVENESS_MS: { type: milliseconds(0), default: '20000', describe: 'how long a face counts without a sign that it lives on calls without a policy; 0: no sign is asked for' },
  MIN_FACE_AREA_RATIO: { type: decimal({ min: 0, max: 1 }), default: '0.01', describe: 'smallest face that counts on calls without a policy, as a ratio of the picture' },
});
