// Writes the usage of an account, from a running system: make -s export [ROWS=calls] [FORMAT=csv] [FROM=2026-01-01] [TO=…] [ACCOUNT=acme] > usage.csv
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { BillingServiceClient, UsageFormat, UsageRows, type ExportUsageRequest } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import { ensureKeys } from './keys.ts';
import { standardPorts } from './ports.ts';
import { reportFailure, SetupError } from './setup-error.ts';
import { mintToken } from './token.ts';

const rows: Readonly<Record<string, UsageRows>> = { calls: UsageRows.CALLS, entries: UsageRows.ENTRIES };
const formats: Readonly<Record<string, UsageFormat>> = { csv: UsageFormat.CSV, jsonl: UsageFormat.JSON_LINES, cloudevents: UsageFormat.CLOUD_EVENTS };
const option = { type: 'string', default: '' } as const;

function choice<T>(name: string, given: string, choices: Readonly<Record<string, T>>): T {
  const [first] = Object.keys(choices) as [string];
  const chosen = choices[given === '' ? first : given];
  if (chosen === undefined) throw new SetupError(`${name} is one of ${Object.keys(choices).join(', ')}, not ${given}`);
  return chosen;
}

function time(name: string, given: string): Date | undefined {
  if (given === '') return undefined;
  const at = new Date(given);
  if (Number.isNaN(at.getTime())) throw new SetupError(`${name} is a time such as 2026-01-31 or 2026-01-31T12:00:00Z, not ${given}`);
  return at;
}

async function write(request: ExportUsageRequest, account: string): Promise<void> {
  const token = await mintToken({ account, sub: 'service:export', scope: 'api' }, await ensureKeys());
  const address = `127.0.0.1:${standardPorts().services.billing[0]!.grpc}`;
  const client = createClient(BillingServiceClient, { address, token });
  try {
    for await (const { text, lookedAt, total } of await client.exportUsage(request)) {
      if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
      process.stderr.write(`looked at ${lookedAt} of ${total}\n`);
    }
  } catch (cause) {
    throw new SetupError(`billing at ${address} gave no export: ${(cause as Error).message}. Does it run (make up)?`);
  } finally {
    client.close();
  }
}

try {
  const { values } = parseArgs({ options: { rows: option, format: option, from: option, to: option, account: option } });
  const request = {
    rows: choice('ROWS', values.rows, rows),
    format: choice('FORMAT', values.format, formats),
    fromTime: time('FROM', values.from),
    toTime: time('TO', values.to),
  };
  await write(request, values.account === '' ? 'acme' : values.account);
} catch (error) {
  reportFailure(error);
}
