// A process that does one job: node job-main.ts <name>, started by startJob.
import type { FromJob, FromParent, Job } from './job.ts';
import { jobs } from './jobs/index.ts';

const name = process.argv[2] as keyof typeof jobs;
const go = Promise.withResolvers<void>();

function tell(message: FromJob): void {
  process.send!(message);
}

async function run(parameters: unknown): Promise<void> {
  const job = jobs[name] as unknown as Job<unknown, unknown>;
  try {
    const result = await job(parameters, { ready: (value) => tell({ kind: 'ready', value }), go: go.promise });
    tell({ kind: 'done', result });
  } catch (error) {
    tell({ kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

process.on('message', (message: FromParent) => {
  if (message.kind === 'go') go.resolve();
  else void run(message.parameters);
});
// Nobody is left to be told.
process.on('disconnect', () => process.exit(0));
