// Fills an empty database from the streams: the ledger from LEDGER, charges from the events that are kept.
import { connectBus } from '@parley/bus';
import { isParleyError } from '@parley/errors';
import { connectStore } from '@parley/store';
import { rebuild } from './rebuild.ts';

const { MONGODB_URL: url, MONGODB_DATABASE: database, NATS_URL: natsUrl, NATS_CREDS_FILE: credsFile } = process.env;
if (url === undefined || database === undefined || natsUrl === undefined || credsFile === undefined) {
  console.error('MONGODB_URL=… MONGODB_DATABASE=… NATS_URL=… NATS_CREDS_FILE=… rebuild-main.ts');
  process.exit(2);
}

const store = await connectStore({ url, database, appName: 'rebuild' });
const bus = await connectBus({ url: natsUrl, credsFile, name: 'rebuild' });
try {
  const { wallets, entries, policies, charges, forgotten, differences } = await rebuild(store.db, bus, (text) => console.error(`rebuild: ${text} …`));
  console.log(`${wallets} wallets, ${entries} entries, ${policies} policies, ${charges} charges; ${forgotten} calls of which only entries are known`);
  for (const text of differences) console.log(`  ${text}`);
  console.log(differences.length === 0 ? `all that was published follows again; it is in the database ${database}` : `${differences.length} CALLS DIFFER from what was published`);
  process.exitCode = differences.length === 0 ? 0 : 1;
} catch (error) {
  if (!isParleyError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await bus.close();
  await store.close();
}
