// Builds what is missing under `.tools/bin` and prints where it is.
import { reportFailure } from './setup-error.ts';
import { ensureTools } from './tools.ts';

try {
  process.stdout.write(`${Object.values(await ensureTools()).join('\n')}\n`);
} catch (error) {
  reportFailure(error);
}
