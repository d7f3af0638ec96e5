// Writes the receipt of a call as a page of HTML, from a running system: make -s receipt CALL=<id> [ACCOUNT=acme] > receipt.html
import { askBilling } from './ask-billing.ts';
import { callArgument } from './call-argument.ts';
import { reportFailure } from './setup-error.ts';

try {
  const callId = callArgument((call) => `make -s receipt CALL=${call} > receipt.html`);
  const { html } = await askBilling<{ html: string }>('RenderReceipt', { callId, account: process.argv[3] ?? '' });
  process.stdout.write(html);
} catch (error) {
  reportFailure(error);
}
