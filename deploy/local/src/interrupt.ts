/** That the person at the terminal, or the system, wants this process to end. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C (SIGINT), SIGTERM, or closing of the terminal. */
  readonly signal: AbortSignal;
  /** Fulfilled at the same moment. */
  readonly received: Promise<void>;
}

/** Listens for the wish to end. A second one ends the process at once, and its children with it. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const received = Promise.withResolvers<void>();
  const handle = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    received.resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  return { signal: controller.signal, received: received.promise };
}
