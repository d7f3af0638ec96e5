import { format as formatMoney } from '@parley/money';
import { stringify } from 'csv-stringify/sync';
import { walletHolderOf } from '../domain/address.ts';
import type { UsageRow, UsageValue } from '../domain/usage.ts';

export type UsageFormat = 'csv' | 'json_lines' | 'cloud_events';

/**
 * Rows of one type as whole lines.
 * @param isFirst there is nothing before them: CSV begins with a header
 */
export const usageText: Readonly<Record<UsageFormat, (rows: readonly UsageRow[], isFirst: boolean) => string>> = {
  // A spreadsheet takes text that begins with = + - @ for a formula: such text gets a ' in front.
  csv: (rows, isFirst) => stringify(rows.map(plainValues), { header: isFirst, record_delimiter: '\r\n', escape_formulas: true }),
  json_lines: (rows) => rows.map((row) => `${JSON.stringify(plainValues(row))}\n`).join(''),
  cloud_events: (rows) => rows.map((row) => `${JSON.stringify(cloudEvent(row))}\n`).join(''),
};

/**
 * CloudEvents 1.0, as OpenMeter and others that meter take it: the subject is the customer, and id with source is the same for
 * the same usage, so that it counts once however often it is sent.
 */
function cloudEvent(row: UsageRow): object {
  const { id, type, walletId, atMs } = row;
  const { accountId, holder } = walletHolderOf(walletId);
  return {
    specversion: '1.0',
    id,
    source: `/${accountId}/billing`,
    type: type === 'call' ? 'parley.usage.call' : 'parley.usage.entry',
    subject: holder,
    time: new Date(Number(atMs)).toISOString(),
    datacontenttype: 'application/json',
    data: plainValues(row),
  };
}

function plainValues({ values, currency }: UsageRow): Record<string, string | number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value, currency)]));
}

/** Amounts are exact decimals of the currency's unit, as text: a float would not hold each of them. */
function plain(value: UsageValue, currency: string): string | number {
  return typeof value === 'object' ? formatMoney({ currency, micros: value.micros }).split(' ')[0]! : value;
}
