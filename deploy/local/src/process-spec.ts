import { SetupError } from './setup-error.ts';

/** A process that the supervisor runs. */
export interface ProcessSpec {
  /** Unique; also the name of its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the supervisor's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ports of loopback that it is going to listen on; they have to be free. */
  readonly ports?: readonly number[];
  /** Names of the processes that have to be ready before it starts, and that stop after it. */
  readonly dependsOn?: readonly string[];
  /** What tells that it is ready. Left out for a process that does one thing and ends: it is done when it ended well. */
  readonly health?: Health;
  /** Whether to start it again when it dies after having been ready; true by default. */
  readonly restart?: boolean;
}

export type Health =
  | { readonly kind: 'tcp'; readonly port: number }
  /** Ready when the answer's status is 2xx. */
  | { readonly kind: 'http'; readonly url: string }
  /** Ready when the promise is fulfilled; called again and again until then. */
  | { readonly kind: 'probe'; readonly check: () => Promise<unknown> };

/**
 * Checks that names are unique and that what is depended on exists and leads to no circle.
 * @throws SetupError naming the process.
 */
export function checkSpecs(specs: readonly ProcessSpec[]): void {
  const names = new Set<string>();
  for (const { name } of specs) {
    if (names.has(name)) throw new SetupError(`two processes are called ${name}`);
    names.add(name);
  }
  const placed = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    if (placed.has(name)) return;
    if (path.includes(name)) throw new SetupError(`processes wait for each other: ${[...path, name].join(' → ')}`);
    const spec = specs.find((candidate) => candidate.name === name);
    if (spec === undefined) throw new SetupError(`${path.at(-1)} depends on ${name}, which is not there`);
    for (const dependency of spec.dependsOn ?? []) visit(dependency, [...path, name]);
    placed.add(name);
  };
  for (const { name } of specs) visit(name, []);
}
