import { natsLogin } from '../nats/login.ts';
import { downstreamConsumer, downstreamDomain } from '../nats/permissions.ts';
import type { ServiceName } from '../nats/roles.ts';
import { platformUser } from '../nats/server-config.ts';
import type { Platform } from './platform.ts';
import type { Ports } from './ports.ts';

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
  const nats = (user: string, command: string) => {
    const { pass, inboxPrefix } = natsLogin(user);
    return `.tools/bin/nats --server ${platform.natsUrl} --user ${user} --password ${pass} --inbox-prefix ${inboxPrefix} ${command}`;
  };
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
      about: `A durable subscription for ${account}'s own downstream service on NATS`,
      command: call(
        'subscription',
        'parley.subscription.v1.SubscriptionService/CreateSubscription',
        '{"request_id": "first", "sink": {"nats": {}}}',
      ),
    },
    {
      about: `What waits for it: ${account}'s events, and of no other account`,
      command: nats(
        downstreamConsumer(account),
        `--js-domain ${downstreamDomain} consumer info CALL_EVENTS ${downstreamConsumer(account)}`,
      ),
    },
    { about: 'The streams', command: nats(platformUser, 'stream ls --all') },
    {
      about: 'Every event of every account, as it is stored',
      command: nats(platformUser, 'sub --all --stream CALL_EVENTS --headers-only'),
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
