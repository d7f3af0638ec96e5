import { relative } from 'node:path';
import { natsCredsFile, platformUser } from '../nats/nats-keys.ts';
import { inboxPrefix } from '../nats/permissions.ts';
import type { ServiceName } from '../nats/roles.ts';
import type { Platform } from './platform.ts';
import type { Ports } from './ports.ts';
import { repoRoot } from './repo-paths.ts';

/** A command for a shell in the root of the checkout. */
export interface ExampleCommand {
  readonly about: string;
  readonly command: string;
  /** Whether it goes on until Ctrl-C. */
  readonly endless?: boolean;
}

const account = 'acme';

/** Commands to try on a running system, in this order, in one shell. */
export function exampleCommands(platform: Pick<Platform, 'natsUrl'>, ports: Ports): readonly ExampleCommand[] {
  const grpc = (service: ServiceName) => `127.0.0.1:${ports.services[service][0]?.grpc}`;
  const http = (service: ServiceName) => `http://127.0.0.1:${ports.services[service][0]?.http}`;
  const call = (service: ServiceName, method: string, request: string) =>
    `.tools/bin/grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '${request}' ${grpc(service)} ${method}`;
  const nats = (login: string, command: string) => `.tools/bin/nats --server ${platform.natsUrl} ${login} ${command}`;
  const platformLogin = `--creds ${relative(repoRoot, natsCredsFile(platformUser))} --inbox-prefix ${inboxPrefix(platformUser)}`;
  return [
    {
      about: `A token for the API of account ${account}`,
      command: `TOKEN=$(make -s token ACCOUNT=${account} SUB=service:me SCOPE=api)`,
    },
    { about: 'What a service offers over gRPC', command: `.tools/bin/grpcurl -plaintext ${grpc('call-router')} list` },
    {
      about: 'Put 5 euros on a wallet; the same request again changes nothing',
      command: call(
        'billing',
        'parley.billing.v1.BillingService/TopUpWallet',
        '{"request_id": "first", "address": "client:alice", "amount": {"currency": "EUR", "micros": 5000000}}',
      ),
    },
    {
      about: 'Events as they happen, as a gRPC stream',
      command: call('event-router', 'parley.event.v1.EventService/StreamEvents', '{}'),
      endless: true,
    },
    {
      about: 'The same as server-sent events, which a browser understands',
      command: `curl -sN -H "authorization: Bearer $TOKEN" ${http('event-router')}/v1/events`,
      endless: true,
    },
    {
      about: 'Only how calls end',
      command: `curl -sN -H "authorization: Bearer $TOKEN" "${http('event-router')}/v1/events?types=call.completed"`,
      endless: true,
    },
    {
      about: `A durable subscription for ${account}'s own downstream service on NATS; the same request again gives the same one`,
      command: call(
        'subscription',
        'parley.subscription.v1.SubscriptionService/CreateSubscription',
        '{"request_id": "first", "sink": {"nats": {}}}',
      ),
    },
    {
      about: 'The credential that the downstream service reads it with, and what waits for it: no other account\'s events',
      command: [
        `SUBSCRIPTION=$(${call(
          'subscription',
          'parley.subscription.v1.SubscriptionService/CreateSubscription',
          '{"request_id": "first", "sink": {"nats": {}}}',
        )} | node -p 'JSON.parse(fs.readFileSync(0)).subscription.subscriptionId')`,
        `${call(
          'subscription',
          'parley.subscription.v1.SubscriptionService/CreateNatsCredential',
          `{"subscription_id": "'$SUBSCRIPTION'"}`,
        )} > .data/credential.json`,
        `field() { node -p 'JSON.parse(fs.readFileSync(".data/credential.json"))[process.argv[1]]' "$1"; }`,
        'field credentials > .data/downstream.creds',
        nats(
          '--creds .data/downstream.creds --inbox-prefix $(field inboxPrefix) --js-domain $(field jetstreamDomain)',
          'consumer info CALL_EVENTS $(field consumerName)',
        ),
      ].join('\n  '),
    },
    { about: 'The streams', command: nats(platformLogin, 'stream ls --all') },
    {
      about: 'Every event of every account, as it is stored',
      command: nats(platformLogin, 'sub --all --stream CALL_EVENTS --headers-only'),
      endless: true,
    },
    { about: 'Metrics', command: `curl -s ${http('billing')}/metrics` },
  ];
}

/** The commands as text to print. */
export function formatExamples(examples: readonly ExampleCommand[]): string {
  return examples
    .map(({ about, command, endless }) => `  # ${about}${endless === true ? ' (Ctrl-C ends it)' : ''}\n  ${command}`)
    .join('\n\n');
}
