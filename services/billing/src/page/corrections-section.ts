import { DisputeState, type ChargeCorrection, type Dispute, type Receipt } from '@parley/contracts';
import { amountOf, escaped } from './html-text.ts';

/** What a correction is, in words for whoever pays. */
export const correctionWords: Readonly<Record<string, string>> = {
  late_reaction: 'Reactions that came late',
  refund: 'Refund',
  dispute: 'Dispute accepted',
  rerating: 'Rated anew',
};

/** What was changed after the settlement, and what is disputed; empty if nothing is. It does not say who did it. */
export function correctionsSection({ corrections, correctedTotal, disputes }: Receipt): string {
  return [correctionsTable(corrections, correctedTotal), disputesList(disputes)].filter((part) => part !== '').join('\n');
}

function correctionsTable(corrections: readonly ChargeCorrection[], total: Receipt['correctedTotal']): string {
  if (corrections.length === 0 || total === undefined) return '';
  const differences = corrections.reduce((sum, { difference }) => sum + (difference?.micros ?? 0n), 0n);
  const settled = amountOf({ currency: total.currency, micros: total.micros - differences });
  return `<table class="corrections">
<caption>Corrections after the settlement</caption>
<thead><tr><th scope="col">Time</th><th scope="col">What</th><th scope="col">Why</th><th scope="col">Difference</th></tr></thead>
<tbody>
<tr><td></td><td>Settled at</td><td></td><td>${escaped(settled)}</td></tr>
${corrections.map(row).join('\n')}
</tbody>
<tfoot><tr><th scope="row" colspan="3">Total after corrections</th><td>${escaped(amountOf(total))}</td></tr></tfoot>
</table>`;
}

function row({ kind, time, reason, difference, policyId, policyVersion }: ChargeCorrection): string {
  const by = policyId === '' ? '' : ` by ${policyId}, version ${policyVersion}`;
  return `<tr><td>${timeOf(time)}</td><td>${escaped(`${correctionWords[kind] ?? kind}${by}`)}</td><td>${escaped(reason)}</td><td>${escaped(amountOf(difference))}</td></tr>`;
}

function disputesList(disputes: readonly Dispute[]): string {
  if (disputes.length === 0) return '';
  return `<h2>Disputes</h2>\n<ul>\n${disputes.map((dispute) => `<li>${escaped(sentenceOf(dispute))}</li>`).join('\n')}\n</ul>`;
}

function sentenceOf({ state, opened, resolved, amount }: Dispute): string {
  const begun = `Since ${timeOf(opened?.time)}: ${opened?.reason ?? ''}`;
  if (state === DisputeState.OPEN) return `${begun} It is open.`;
  const outcome = state === DisputeState.ACCEPTED ? `Accepted, ${amountOf(amount)} given back` : 'Rejected';
  return `${begun} ${outcome}, ${timeOf(resolved?.time)}: ${resolved?.reason ?? ''}`;
}

function timeOf(time: Date | undefined): string {
  return time === undefined ? '' : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
