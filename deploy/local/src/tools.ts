import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.ts';
import { checkGo } from './go-toolchain.ts';
import { type Progress, streamProgress } from './progress.ts';
import { toolsRoot } from './repo-paths.ts';
import { buildTool } from './tool-build.ts';
import { type Tool, type ToolName, tools } from './tool-list.ts';

export interface EnsureToolsOptions {
  /** The tools that are needed; all by default. */
  readonly only?: readonly ToolName[];
  readonly progress?: Progress;
}

/**
 * Builds the tools that are not there, or not from the present sources, into `.tools/bin`, and returns their paths.
 * When all are current this reads a few small files and starts nothing.
 * @throws SetupError that says what is missing, such as Go, and how to get it.
 */
export async function ensureTools(options: EnsureToolsOptions = {}): Promise<Readonly<Record<ToolName, string>>> {
  const names = options.only ?? (Object.keys(tools) as ToolName[]);
  await ensureBuilt(
    names.map((name) => tools[name]),
    toolsRoot,
    options.progress ?? streamProgress(),
  );
  return toolPaths;
}

/** Where each tool is once it has been built. */
export const toolPaths = Object.fromEntries(
  Object.values(tools).map((tool) => [tool.name, binaryPath(toolsRoot, tool)]),
) as Record<ToolName, string>;

/** {@link ensureTools} for any list of tools and any folder. */
export async function ensureBuilt(wanted: readonly Tool[], rootDir: string, progress: Progress): Promise<void> {
  if ((await outdated(wanted, rootDir)).length === 0) return;

  await mkdir(join(rootDir, 'bin'), { recursive: true });
  await withBuildLock(join(rootDir, 'build.lock'), progress, async () => {
    const missing = await outdated(wanted, rootDir); // again: another process may have built them meanwhile
    if (missing.length === 0) return;

    await checkGo(missing.map((tool) => tool.moduleDir));
    for (const [index, tool] of missing.entries()) {
      const stamp = await sourceStamp(tool); // of the sources that go into the build, not of later ones
      await progress.step(`building ${tool.name} (${index + 1} of ${missing.length})`, (note) =>
        buildTool(tool, binaryPath(rootDir, tool), note),
      );
      await writeFile(stampPath(rootDir, tool), stamp);
    }
  });
}

async function outdated(wanted: readonly Tool[], rootDir: string): Promise<Tool[]> {
  const current = await Promise.all(wanted.map((tool) => isCurrent(tool, rootDir)));
  return wanted.filter((_tool, index) => current[index] === false);
}

async function isCurrent(tool: Tool, rootDir: string): Promise<boolean> {
  if (!existsSync(binaryPath(rootDir, tool))) return false;
  const built = await readFile(stampPath(rootDir, tool), 'utf8').catch(() => undefined);
  return built === (await sourceStamp(tool));
}

/** A digest of all that decides what the binary is: the module's files, what is built from them, and for what machine. */
async function sourceStamp(tool: Tool): Promise<string> {
  const recipe = { ...tool, moduleDir: undefined, machine: [process.platform, process.arch] };
  const hash = createHash('sha256').update(JSON.stringify(recipe));
  const files = (await readdir(tool.moduleDir, { recursive: true })).filter((name) => /\bgo\.(mod|sum)$|\.go$/.test(name));
  for (const name of files.filter((file) => !file.endsWith('_test.go')).toSorted()) {
    hash.update(`\0${name}\0`).update(await readFile(join(tool.moduleDir, name)));
  }
  return hash.digest('hex');
}

function binaryPath(rootDir: string, tool: Tool): string {
  return join(rootDir, 'bin', tool.name);
}

function stampPath(rootDir: string, tool: Tool): string {
  return `${binaryPath(rootDir, tool)}.stamp`;
}
