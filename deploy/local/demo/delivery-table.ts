import { deliveredBySource, type Deliveries } from '@parley/examples';
import { textTable } from './text-table.ts';

/** The same events on every transport, by source: how many, and whether in order without a gap. */
export function deliveryTable(deliveries: Deliveries, callId: string): string {
  const bySource = deliveredBySource(deliveries, callId);
  const transports = Object.entries(bySource);
  const sources = [...new Set(transports.flatMap(([, rows]) => rows.map(({ source }) => source)))];
  const cell = (rows: (typeof transports)[number][1], source: string) => {
    const row = rows.find((one) => one.source === source);
    return row === undefined ? '0 missing' : `${row.events} ${row.inOrder ? 'in order' : 'OUT OF ORDER'}`;
  };
  const rows = sources.map((source) => [source.replace(callId, callId.slice(0, 8).concat('…')), ...transports.map(([, all]) => cell(all, source))]);
  return `Delivered, by source\n${textTable(['source', ...transports.map(([name]) => name)], rows)}`;
}
