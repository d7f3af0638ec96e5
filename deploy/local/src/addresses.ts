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
