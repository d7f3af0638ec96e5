import { ReceiptCopy, type ChargeReason, type Receipt, type ReceiptLine } from '@parley/contracts';
import { correctionsSection } from './corrections-section.ts';
import { amountOf, escaped } from './html-text.ts';
import { reasonWords, type ReasonWords } from './reason-words.ts';

/**
 * A receipt as a page of HTML that needs nothing else: no script, nothing that is loaded. The picture says by letters and
 * hatching what it says by colours, and the page prints on A4.
 */
export function receiptPage(receipt: Receipt): string {
  const { callId, walletId, policy, lines, total, chargedMs, unchargedMs, correctedTotal, copy } = receipt;
  const facts: [name: string, value: string][] = [
    ['Call', callId],
    copy === ReceiptCopy.COUNTERPART ? ['Copy for', 'the side that was seen'] : ['Paid from', walletId],
    ['Policy', `${policy?.policyId ?? ''}, version ${policy?.version ?? 0}`],
    ['Status', statusOf(receipt)],
    ['Charged time', timeOf(chargedMs)],
    ['Not charged', timeOf(unchargedMs)],
    ['Total', amountOf(correctedTotal ?? total)],
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width"/>
<title>Receipt of ${escaped(callId)}</title>
<style>${style}</style>
</head>
<body>
<h1>Receipt</h1>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>
${timeline(lines)}
<table>
<caption>Each moment of the call</caption>
<thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Duration</th><th scope="col">Why</th><th scope="col">Amount</th></tr></thead>
<tbody>
${lines.map((line) => row(line, copy)).join('\n')}
</tbody>
<tfoot><tr><th scope="row" colspan="4">Total</th><td>${escaped(amountOf(total))}</td></tr></tfoot>
</table>
${correctionsSection(receipt)}
${hostSection(receipt)}
</body>
</html>
`;
}

/** What of the total is the counterpart's; empty if nothing is told of it. */
function hostSection({ hostShare, settled, policy }: Receipt): string {
  if (hostShare === undefined) return '';
  const percent = (policy?.terms?.prices?.hostPermille ?? 0) / 10;
  const words = `Your share, ${percent} % of what the call costs${settled ? ' after all corrections' : ' so far'}: ${amountOf(hostShare)}.`;
  return `<p class="share">${escaped(words)}</p>`;
}

function row({ fromMs, toMs, reason, charged, amount, bandPermille }: ReceiptLine, copy: ReceiptCopy): string {
  const { letter, short, explained: payers, explainedToSeen } = wordsOf(reason);
  const explained = copy === ReceiptCopy.COUNTERPART ? explainedToSeen : payers;
  return `<tr class="${charged ? 'charged' : 'free'}"><td>${timeOf(fromMs)}</td><td>${timeOf(toMs)}</td><td>${timeOf(toMs - fromMs)}</td><td><b>${letter} ${short}</b>${charged ? '' : ', not charged'}. ${explained}${hourOf(bandPermille)}</td><td>${escaped(amountOf(amount))}</td></tr>`;
}

/** What the rate counts for at this hour. */
function hourOf(bandPermille: number): string {
  return bandPermille === 0 ? '' : ` At ${bandPermille / 10} % of the rate, by the hour.`;
}

const pictureWidth = 1000;

/** Of a picture of the call: charged time is filled and high, other time hatched and low. */
function timeline(lines: readonly ReceiptLine[]): string {
  const endMs = lines.at(-1)?.toMs ?? 0n;
  if (endMs === 0n) return '<p>Nothing was observed.</p>';
  const at = (ms: bigint): number => Number((ms * BigInt(pictureWidth) * 100n) / endMs) / 100;
  const bars = lines.map(({ fromMs, toMs, reason, charged }) => {
    const { letter, short } = wordsOf(reason);
    const width = at(toMs) - at(fromMs);
    const [y, height] = charged ? [0, 60] : [30, 30];
    const label = width < 12 ? '' : `<text x="${at(fromMs) + width / 2}" y="50">${letter}</text>`;
    return `<g><title>${timeOf(fromMs)} to ${timeOf(toMs)}: ${short}${charged ? '' : ', not charged'}</title><rect x="${at(fromMs)}" y="${y}" width="${width}" height="${height}" class="${charged ? 'charged' : 'free'}"/>${label}</g>`;
  });
  return `<svg viewBox="0 0 ${pictureWidth} 84" role="img" aria-label="Timeline of the call">
<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" fill="#fff"/><line x1="0" y1="0" x2="0" y2="8" stroke="#767676" stroke-width="3"/></pattern></defs>
${bars.join('\n')}
<text x="0" y="80" class="start">0:00.000</text><text x="${pictureWidth}" y="80" class="end">${timeOf(endMs)}</text>
</svg>
<p class="legend">High and filled: charged. Low and hatched: not charged. ${legend(lines)}</p>`;
}

function legend(lines: readonly ReceiptLine[]): string {
  const shown = [...new Set(lines.map(({ reason }) => reason))].map(wordsOf);
  return shown.map(({ letter, short }) => `<b>${letter}</b> ${short}`).join(', ');
}

function statusOf({ settled, settleReason }: Receipt): string {
  if (!settled) return 'The call goes on, or its last reactions are still awaited.';
  const reasons: Readonly<Record<string, string>> = {
    completed: 'Settled.',
    recognition_lost: 'Settled without the last reactions, which never came: what was decided is charged.',
    call_lost: 'Settled without the end of the call, which never came: what was decided is charged.',
  };
  return reasons[settleReason] ?? `Settled: ${settleReason}.`;
}

function wordsOf(reason: ChargeReason): ReasonWords {
  return (reasonWords as Readonly<Record<number, ReasonWords>>)[reason] ?? { letter: '?', short: 'not known here', explained: '', explainedToSeen: '' };
}

/** `m:ss.mmm` of media time. */
function timeOf(ms: bigint): string {
  const seconds = ms / 1000n;
  return `${seconds / 60n}:${(seconds % 60n).toString().padStart(2, '0')}.${(ms % 1000n).toString().padStart(3, '0')}`;
}

const style = `
body { font: 14px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1.5rem }
dt { font-weight: 600 }
dd { margin: 0; overflow-wrap: anywhere }
svg { width: 100%; height: auto; margin-top: 1rem }
rect.charged { fill: #005fa3; stroke: #fff }
rect.free { fill: url(#hatch); stroke: #767676 }
svg text { font: 16px system-ui, sans-serif; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 4px; fill: #1a1a1a }
svg text.start { text-anchor: start }
svg text.end { text-anchor: end }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: 600; padding: 1rem 0 .25rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ccc }
th:last-child, td:last-child { text-align: right; white-space: nowrap }
@media print { @page { size: A4; margin: 15mm } body { margin: 0; max-width: none } thead { display: table-header-group } tr, svg { break-inside: avoid } * { print-color-adjust: exact } }
`;
