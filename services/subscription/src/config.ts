import { defineServiceConfig, integer, list, pattern, text } from '@parley/config';

/** What the subscription service reads from its environment. */
export const configDefinition = defineServiceConfig({
  SUBSCRIPTIONS_PER_ACCOUNT: { type: integer({ min: 1, max: 1_000 }), default: '100', describe: 'how many subscriptions an account may have' },
  EVENT_CURSOR_KEY_FILE: { type: text(), describe: 'file with the secret that cursors are signed with: at least 32 bytes as base64url, the same as the event-router’s' },
  EGRESS_ALLOW: { type: list(), optional: true, describe: '`host:port` pairs, separated by commas, that webhooks may reach although they are not public' },
  NATS_DOWNSTREAM_ACCOUNT: { type: pattern(/^A[A-Z2-7]{55}$/, 'the public key of a NATS account'), describe: 'public key of the NATS account that downstream services are users of' },
  NATS_DOWNSTREAM_SIGNING_KEY_FILE: { type: text(), describe: "file with the seed of that account's signing key, which their credentials are signed with" },
});
