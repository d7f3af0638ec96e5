// Prints the trace of a call, from the spans that the local services wrote: make trace CALL=<id>
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callArgument } from './call-argument.ts';
import { dataRoot } from './repo-paths.ts';
import { reportFailure, SetupError } from './setup-error.ts';
import { spansOfCall, traceTree, type SpanRecord } from './trace-tree.ts';

const spansDir = join(dataRoot, 'local', 'spans');

async function readSpans(): Promise<SpanRecord[]> {
  const files = await readdir(spansDir).catch(() => []);
  const texts = await Promise.all(files.map((file) => readFile(join(spansDir, file), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as SpanRecord));
}

try {
  const callId = callArgument((call) => `make trace CALL=${call}`);
  const spans = spansOfCall(await readSpans(), callId);
  if (spans.length === 0) throw new SetupError(`No span of call ${callId} was written here. Play one with make demo.`);
  process.stdout.write(`${traceTree(spans)}\n`);
} catch (error) {
  reportFailure(error);
}
