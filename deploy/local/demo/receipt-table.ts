import { ChargeReason, type Receipt } from '@parley/contracts';
import { textTable } from './text-table.ts';
import { moneyText, seconds } from './timeline.ts';

/** Each interval of the call, with the reason for its price. */
export function receiptTable(receipt: Receipt): string {
  const rows = receipt.lines.map(({ fromMs, toMs, reason, charged, amount }) => [
    `${seconds(fromMs)} to ${seconds(toMs)}`,
    reasonName(reason),
    charged ? 'charged' : 'not charged',
    moneyText(amount),
  ]);
  const total = ['total', `${seconds(receipt.chargedMs)} charged`, `${seconds(receipt.unchargedMs)} not`, moneyText(receipt.total)];
  return `Receipt of ${receipt.callId}\n${textTable(['time', 'reason', '', 'amount'], [...rows, total])}`;
}

function reasonName(reason: ChargeReason): string {
  const name = Object.keys(ChargeReason).find((key) => ChargeReason[key as keyof typeof ChargeReason] === reason);
  return (name ?? '?').toLowerCase().replaceAll('_', ' ');
}
