/**
 * A fault of the surroundings that the person at the terminal can mend: something missing, a port in use, a process
 * that does not start. Its message says what is wrong and what to do, so that it is printed without a stack.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** Prints a failure the way a command line should, and sets the exit code. For `main` functions. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`${error instanceof SetupError ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
