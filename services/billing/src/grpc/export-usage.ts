import { UsageFormat, UsageRows, type BillingServiceService } from '@parley/contracts';
import { invalidArgument, type FieldViolation } from '@parley/errors';
import type { HandlerOf } from '@parley/grpc';
import { usageText, type UsageFormat as FormatName } from '../export/usage-text.ts';
import type { createExportUsage, ExportCommand } from '../usecases/export-usage.ts';
import type { Now } from './grant-command.ts';

const rowsByProto = new Map<UsageRows, ExportCommand['rows']>([
  [UsageRows.CALLS, 'calls'],
  [UsageRows.ENTRIES, 'entries'],
]);
const formatsByProto = new Map<UsageFormat, FormatName>([
  [UsageFormat.CSV, 'csv'],
  [UsageFormat.JSON_LINES, 'json_lines'],
  [UsageFormat.CLOUD_EVENTS, 'cloud_events'],
]);

export function exportUsageHandler(exportUsage: ReturnType<typeof createExportUsage>, now: Now): HandlerOf<BillingServiceService['exportUsage']> {
  return async (request, stream) => {
    const rows = rowsByProto.get(request.rows);
    const format = formatsByProto.get(request.format);
    const fromMs = toMs(request.fromTime) ?? 0n;
    const untilMs = toMs(request.toTime) ?? now();
    const faults: FieldViolation[] = [];
    if (rows === undefined) faults.push({ field: 'rows', description: 'has to be calls or entries' });
    if (format === undefined) faults.push({ field: 'format', description: 'has to be CSV, JSON lines or CloudEvents' });
    if (untilMs < fromMs) faults.push({ field: 'to_time', description: 'is before from_time' });
    if (rows === undefined || format === undefined || faults.length > 0) throw invalidArgument(faults);
    let isFirst = true;
    for await (const batch of exportUsage({ accountId: stream.identity.accountId, rows, fromMs, toMs: untilMs })) {
      const text = usageText[format](batch.rows, isFirst);
      isFirst &&= text === '';
      await stream.send({ text, lookedAt: BigInt(batch.lookedAt), total: BigInt(batch.total) });
    }
  };
}

function toMs(time: Date | undefined): bigint | undefined {
  return time && BigInt(time.getTime());
}
