import { randomUUID } from 'node:crypto';
import { link, rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file that is not there, whole or not at all; of two who try, one wins and both find the same. */
export async function createOnce(path: string, content: () => Promise<string> | string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, await content(), { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
}

/** Writes a file over the one that is there; who reads meanwhile finds the one or the other. */
export async function replaceWhole(path: string, content: string, mode = 0o644): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { mode });
  await rename(draft, path);
}
