// Proves that the balances of a whole database follow from its ledger, and with a broker that the ledger is the one that was
// published; names what does not add up.
import { connectBus } from '@parley/bus';
import { format } from '@parley/money';
import { connectStore } from '@parley/store';
import { readLedger } from '../bus/ledger-reader.ts';
import { verifyLedger } from './verify-ledger.ts';
import { verifyStream, type StreamReport } from './verify-stream.ts';

const { MONGODB_URL: url, MONGODB_DATABASE: database, NATS_URL: natsUrl, NATS_CREDS_FILE: credsFile = '' } = process.env;
if (url === undefined || database === undefined) {
  console.error('MONGODB_URL=… MONGODB_DATABASE=… [NATS_URL=… NATS_CREDS_FILE=…] verify-main.ts');
  process.exit(2);
}

const store = await connectStore({ url, database, appName: 'verify' });
const progress = (text: string): void => console.error(`verify: ${text} …`);
const { wallets, entries, charges, heldMicros, faults } = await verifyLedger(store.db, progress);
const stream = natsUrl === undefined ? undefined : await againstStream(natsUrl);
await store.close();
console.log(`${wallets} wallets, ${entries} entries, ${charges} charges; in all wallets: ${[...heldMicros].map(([currency, micros]) => format({ currency, micros })).join(', ') || 'nothing'}`);
console.log(stream === undefined ? 'not held against the LEDGER stream: no NATS_URL' : `${stream.entries} entries on the LEDGER stream`);
const all = [...faults, ...(stream?.faults ?? [])];
for (const text of all) console.log(`  ${text}`);
console.log(all.length === 0 ? 'every balance follows from its entries' : `${all.length} FAULTS`);
process.exitCode = all.length === 0 ? 0 : 1;

async function againstStream(natsUrl: string): Promise<StreamReport> {
  const bus = await connectBus({ url: natsUrl, credsFile, name: 'verify' });
  try {
    return await verifyStream(store.db, (onCommand) => readLedger(bus, onCommand), progress);
  } finally {
    await bus.close();
  }
}
