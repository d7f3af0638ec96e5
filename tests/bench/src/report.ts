import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { resultRow, type Measured, type ResultRow } from './result-row.ts';

const outDir = resolve(import.meta.dirname, '../../../out/bench');
const gibibyte = 2 ** 30;

/** Prints the results as a table, and writes them to `out/bench/<name>.json`: a list of rows, each with the machine that it was made on. */
export function report(name: string, measured: readonly Measured[]): void {
  const rows = measured.map(resultRow);
  const machine = describeMachine();
  const repetitions = Math.max(...measured.map(({ values }) => values.length));
  process.stdout.write(`${name} on ${machine}; medians of ${repetitions}\n\n${table(rows)}\n`);
  mkdirSync(outDir, { recursive: true });
  const file = join(outDir, `${name}.json`);
  const documents = rows.map((row, index) => ({ ...row, repetitions: measured[index]!.values.length, machine }));
  writeFileSync(file, `${JSON.stringify(documents, null, 2)}\n`);
  process.stdout.write(`\nwritten to ${file}\n`);
}

/** Says how far a run has come. */
export function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

function describeMachine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / gibibyte)} GiB, ${process.platform} ${process.arch}, Node ${process.version}`;
}

function table(rows: readonly ResultRow[]): string {
  const head = ['', 'value', 'unit', 'baseline', 'ratio', 'goal', 'holds'];
  const lines = rows.map(({ name, value, unit, baseline, ratio, goal, holds }) => [
    name,
    inDigits(value),
    unit,
    baseline === null ? '' : inDigits(baseline),
    ratio === null ? '' : inDigits(ratio),
    goal,
    holds === null ? '' : holds ? 'yes' : 'NO',
  ]);
  const isNumber = (column: number) => column === 1 || column === 3 || column === 4;
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length)));
  const padded = (line: readonly string[]) =>
    line.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ');
  return [head, widths.map((width) => '-'.repeat(width)), ...lines].map((line) => padded(line).trimEnd()).join('\n');
}

/** Three digits that count, or all before the point. */
function inDigits(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: Math.max(3, Math.floor(Math.log10(Math.abs(value) || 1)) + 1) });
}
