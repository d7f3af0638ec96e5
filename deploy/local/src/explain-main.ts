// Recomputes a call's receipt from its published events, on a running system: make explain CALL=<id> [ACCOUNT=acme] [PAYER=callee]
import { askBilling, payerArgument } from './ask-billing.ts';
import { callArgument } from './call-argument.ts';
import { reportFailure } from './setup-error.ts';

/** As grpcurl writes it: what is zero, false or empty is left out, and 64-bit integers are text. */
interface Money {
  readonly currency: string;
  readonly micros?: string;
}
interface Explanation {
  readonly receipt: { readonly lines?: readonly { fromMs?: string; toMs: string; reason: string; amount: Money }[]; readonly total: Money; readonly chargedMs?: string; readonly settled?: boolean };
  readonly identical?: boolean;
  readonly differences?: readonly string[];
}

const textOf = ({ currency, micros = '0' }: Money): string => `${micros} micros ${currency}`;

try {
  const callId = callArgument((call) => `make explain CALL=${call}`);
  const { receipt, identical = false, differences = [] } = await askBilling<Explanation>('ExplainCharge', { callId, account: process.argv[3] ?? '', ...payerArgument(process.argv[4] ?? '') });
  for (const { fromMs = '0', toMs, reason, amount } of receipt.lines ?? []) {
    console.log(`  [${fromMs}, ${toMs}) ms ${reason.slice('CHARGE_REASON_'.length).toLowerCase()}: ${textOf(amount)}`);
  }
  console.log(`${receipt.settled === true ? 'settled' : 'so far'}: ${receipt.chargedMs ?? '0'} ms charged, ${textOf(receipt.total)}`);
  for (const text of differences) console.log(`  ${text}`);
  console.log(identical ? 'the stored receipt and the published billing events are identical to what follows from the events of the call' : 'DIFFERENT');
  process.exitCode = identical ? 0 : 1;
} catch (error) {
  reportFailure(error);
}
