/** Shows what is being done while it takes long. */
export interface Progress {
  /** Prints one line. */
  say(line: string): void;
  /**
   * Shows `label` with the elapsed seconds until `work` ends, and how long it took once it has.
   * `work` may note a detail, such as how far it is, which is shown behind the label.
   */
  step<T>(label: string, work: (note: (detail: string) => void) => Promise<T>): Promise<T>;
}

const terminalRefreshMs = 500;
const logRefreshMs = 10_000;

/**
 * Progress on a stream: one line that counts up on a terminal, and a line each ten seconds in a log.
 * Standard error by default, so that what a command prints as its result stays clean.
 */
export function streamProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const onTerminal = out.isTTY;
  const clearLine = onTerminal ? '\r\u001b[K' : '';

  return {
    say: (line) => void out.write(`${clearLine}${line}\n`),
    async step(label, work) {
      const startMs = performance.now();
      const elapsed = () => formatSeconds(performance.now() - startMs);
      let detail = '';
      const draw = () => {
        const line = `${label} … ${elapsed()}${detail === '' ? '' : `, ${detail}`}`;
        out.write(onTerminal ? `${clearLine}${line}` : `${line}\n`);
      };

      draw();
      const timer = setInterval(draw, onTerminal ? terminalRefreshMs : logRefreshMs);
      let outcome = 'failed after';
      try {
        const result = await work((text) => {
          detail = text;
        });
        outcome = 'done in';
        return result;
      } finally {
        clearInterval(timer);
        out.write(`${clearLine}${label}: ${outcome} ${elapsed()}\n`);
      }
    },
  };
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** Progress that shows nothing; for tests. */
export const silentProgress: Progress = {
  say: () => undefined,
  step: (_label, work) => work(() => undefined),
};
