// Charging: how many calls a second the pure engine rates, how many events a second the service consumes on the local database and
// what bounds it, and whether an entry costs more in a long ledger.
import { measureConsumption } from './billing/consumption.ts';
import { measureLedgerSize } from './billing/ledger-size.ts';
import { measureRating } from './billing/rating.ts';
import { withBilling } from './billing/system.ts';
import { report } from './report.ts';

const parts = process.argv.slice(2);
const isWanted = (part: string) => parts.length === 0 || parts.includes(part);

report('billing', [
  ...(isWanted('rating') ? measureRating() : []),
  ...(isWanted('consumption') ? await withBilling(measureConsumption) : []),
  ...(isWanted('ledger') ? await withBilling(measureLedgerSize) : []),
]);
