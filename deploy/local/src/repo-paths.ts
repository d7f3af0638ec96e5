import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The folder of the checkout. */
export const repoRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** This package's folder, deploy/local. */
export const localRoot = fileURLToPath(new URL('../', import.meta.url));

/** What is built here once and kept: binaries and their stamps. Ignored by git. */
export const toolsRoot = join(repoRoot, '.tools');

/** What a running system writes: keys, databases, streams, logs. Ignored by git. */
export const dataRoot = join(repoRoot, '.data');

/** The keys of this machine's Parley. */
export const keysRoot = join(dataRoot, 'keys');
