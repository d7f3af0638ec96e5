// Writes the receipt of a call as a page of HTML, from a running system: make -s receipt CALL=<id> [ACCOUNT=acme] [COPY=counterpart] [PAYER=callee] > receipt.html
import { askBilling, payerArgument } from './ask-billing.ts';
import { callArgument } from './call-argument.ts';
import { reportFailure, SetupError } from './setup-error.ts';

function copyArgument(copy: string): string {
  if (!['', 'payer', 'counterpart'].includes(copy)) throw new SetupError(`COPY is payer or counterpart, not ${copy}`);
  return `RECEIPT_COPY_${copy === '' ? 'PAYER' : copy.toUpperCase()}`;
}

try {
  const callId = callArgument((call) => `make -s receipt CALL=${call} > receipt.html`);
  const { html } = await askBilling<{ html: string }>('RenderReceipt', { callId, account: process.argv[3] ?? '', copy: copyArgument(process.argv[4] ?? ''), ...payerArgument(process.argv[5] ?? '') });
  process.stdout.write(html);
} catch (error) {
  reportFailure(error);
}
