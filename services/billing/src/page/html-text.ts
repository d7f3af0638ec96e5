import { format, type Money } from '@parley/money';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Exact: what is less than the currency's smallest unit is shown, too. */
export function amountOf(amount: Money | undefined): string {
  return amount === undefined ? '' : format(amount);
}
