import { natsLogin } from '../nats/login.ts';
import { downstreamDomain } from '../nats/permissions.ts';
import { platformUser } from '../nats/server-config.ts';
import { serviceNames } from '../nats/roles.ts';
import type { Platform } from './platform.ts';
import type { Ports } from './ports.ts';

/** Where everything of a running system is, as text for a person. */
export function addressList(platform: Platform, ports: Ports): string {
  const rows = serviceNames.flatMap((service) =>
    ports.services[service].map(({ grpc, http }, index) => [
      `${service}-${index + 1}`,
      `gRPC 127.0.0.1:${grpc}`,
      `http://127.0.0.1:${http} (/readyz, /metrics)`,
    ]),
  );
  const table = [
    ...rows,
    ['NATS', platform.natsUrl, `monitoring http://127.0.0.1:${ports.natsMonitor}`],
    ['MongoDB', platform.mongodbUrl, 'databases parley_<service>'],
    ['logs', platform.logDir, ''],
    ['spans', platform.spansDir, 'make trace CALL=<id>'],
  ];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table
    .map(([name = '', address = '', more = '']) => `  ${name.padEnd(widths[0] ?? 0)}  ${address.padEnd(widths[1] ?? 0)}  ${more}`.trimEnd())
    .join('\n');
}

/** Commands to try on a running system, as they are to be pasted. */
export function exampleCommands(platform: Platform, ports: Ports): string {
  const grpc = (service: keyof Ports['services']) => `127.0.0.1:${ports.services[service][0]?.grpc}`;
  const http = (service: keyof Ports['services']) => `http://127.0.0.1:${ports.services[service][0]?.http}`;
  const nats = (user: string) => {
    const login = natsLogin(user);
    return `.tools/bin/nats --server ${platform.natsUrl} --user ${login.user} --password ${login.pass} --inbox-prefix ${login.inboxPrefix}`;
  };
  return `
  # A token for the API of account acme
  TOKEN=$(make -s token ACCOUNT=acme SUB=service:me SCOPE=api)

  # What the services offer over gRPC
  .tools/bin/grpcurl -plaintext ${grpc('billing')} list
  .tools/bin/grpcurl -plaintext ${grpc('call-router')} list

  # The events of acme as they happen, over server-sent events
  curl -N -H "Authorization: Bearer $TOKEN" ${http('event-router')}/v1/events

  # Every event, as it is stored
  ${nats(platformUser)} stream ls
  ${nats(platformUser)} sub --all --stream CALL_EVENTS --headers-only

  # As acme's own downstream service: once it has a NATS subscription, its events and no others
  ${nats('downstream-acme')} --js-domain ${downstreamDomain} consumer next CALL_EVENTS downstream-acme --count 10

  # Metrics and health
  curl ${http('billing')}/metrics
  curl ${http('billing')}/readyz`.slice(1);
}
