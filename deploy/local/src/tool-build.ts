import { appendFile, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runGo } from './go-toolchain.ts';
import { copyPatched, type ModulePatch } from './module-patch.ts';
import type { Tool } from './tool-list.ts';

/**
 * Builds a tool to `binary`. The file appears whole or not at all.
 * @throws SetupError with Go's messages.
 */
export async function buildTool(tool: Tool, binary: string, note: (detail: string) => void): Promise<void> {
  const scratchDir = `${binary}.${process.pid}.build`;
  await mkdir(scratchDir, { recursive: true });
  let downloads = 0;
  const onLine = (line: string) => {
    if (line.startsWith('go: downloading')) note(`${++downloads} modules downloaded`);
  };
  try {
    const modFile = tool.patch === undefined ? [] : ['-modfile', await patchedModFile(tool, tool.patch, scratchDir)];
    const tags = tool.tags === undefined ? [] : ['-tags', tool.tags];
    const built = join(scratchDir, tool.name);
    await runGo({
      args: ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', ...modFile, ...tags, '-o', built, tool.package],
      cwd: tool.moduleDir,
      onLine,
    });
    await rename(built, binary);
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}

/** Makes the changed copy of a dependency, and a go.mod beside it that is the tool's own except for using the copy. */
async function patchedModFile(tool: Tool, patch: ModulePatch, scratchDir: string): Promise<string> {
  const sourceDir = await moduleSource(tool, patch.module);
  const copyDir = join(scratchDir, 'patched');
  await copyPatched(sourceDir, copyDir, patch);

  const modFile = join(scratchDir, 'go.mod');
  await copyFile(join(tool.moduleDir, 'go.mod'), modFile);
  await appendFile(modFile, `\nreplace ${patch.module} => ${JSON.stringify(copyDir)}\n`);
  await copyFile(join(tool.moduleDir, 'go.sum'), join(scratchDir, 'go.sum'));
  return modFile;
}

/** Where the pinned version of a dependency lies, downloaded and checked against go.sum if it was not there. */
async function moduleSource(tool: Tool, module: string): Promise<string> {
  const answer = await runGo({ args: ['mod', 'download', '-json', module], cwd: tool.moduleDir });
  return (JSON.parse(answer) as { Dir: string }).Dir;
}
