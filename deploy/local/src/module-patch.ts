import { chmod, copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from './setup-error.ts';

/** Changes to a copy of a Go module. */
export interface ModulePatch {
  readonly module: string;
  readonly replacements: readonly Replacement[];
}

export interface Replacement {
  /** Path inside the module. */
  readonly file: string;
  readonly find: string;
  readonly replaceBy: string;
  /** How often `find` stands in the file. Any other number fails: the module is not the one the patch was made for. */
  readonly times: number;
}

/**
 * Copies a module to `targetDir`, which is replaced, and applies the patch there.
 * @throws SetupError when a replacement does not match as often as it says.
 */
export async function copyPatched(sourceDir: string, targetDir: string, patch: ModulePatch): Promise<void> {
  await rm(targetDir, { recursive: true, force: true });
  await copyWritable(sourceDir, targetDir);
  for (const replacement of patch.replacements) {
    const path = join(targetDir, replacement.file);
    await writeFile(path, applyReplacement(await readFile(path, 'utf8'), replacement));
  }
}

/** The text with the replacement made. @throws SetupError when it does not match as often as it says. */
export function applyReplacement(text: string, replacement: Replacement): string {
  const parts = text.split(replacement.find);
  const found = parts.length - 1;
  if (found !== replacement.times) {
    throw new SetupError(
      `The patch of ${replacement.file} no longer fits: expected ${JSON.stringify(replacement.find)} ` +
        `${replacement.times} time(s), found it ${found} time(s). Was the module's version changed?`,
    );
  }
  return parts.join(replacement.replaceBy);
}

/** Go keeps its module cache read-only, folders too; a copy of that could be neither changed nor removed. */
async function copyWritable(sourceDir: string, targetDir: string): Promise<void> {
  await mkdir(targetDir, { recursive: true });
  for (const entry of await readdir(sourceDir, { withFileTypes: true })) {
    const from = join(sourceDir, entry.name);
    const to = join(targetDir, entry.name);
    if (entry.isDirectory()) {
      await copyWritable(from, to);
    } else {
      await copyFile(from, to);
      await chmod(to, 0o644);
    }
  }
}
