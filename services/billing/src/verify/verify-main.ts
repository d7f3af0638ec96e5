// Proves that the balances of a whole database follow from its ledger, and names what does not add up.
import { format } from '@parley/money';
import { connectStore } from '@parley/store';
import { verifyLedger } from './verify-ledger.ts';

const { MONGODB_URL: url, MONGODB_DATABASE: database } = process.env;
if (url === undefined || database === undefined) {
  console.error('MONGODB_URL=… MONGODB_DATABASE=… verify-main.ts');
  process.exit(2);
}

const store = await connectStore({ url, database, appName: 'verify' });
const { wallets, entries, charges, heldMicros, faults } = await verifyLedger(store.db, (text) => console.error(`verify: ${text} …`));
await store.close();
console.log(`${wallets} wallets, ${entries} entries, ${charges} charges; in all wallets: ${[...heldMicros].map(([currency, micros]) => format({ currency, micros })).join(', ') || 'nothing'}`);
for (const text of faults) console.log(`  ${text}`);
console.log(faults.length === 0 ? 'every balance follows from its entries' : `${faults.length} FAULTS`);
process.exitCode = faults.length === 0 ? 0 : 1;
