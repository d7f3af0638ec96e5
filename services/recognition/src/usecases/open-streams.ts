import { parleyError } from '@parley/errors';

/**
 * The streams that are open in this process, by the side of a call that they observe. A newer one ends the older at once;
 * one of another replica finds out at its next write.
 */
export class OpenStreams {
  readonly #open = new Map<string, AbortController>();

  get count(): number {
    return this.#open.size;
  }

  /** @returns a signal that aborts, with the reason, once a newer stream opens; and what to call at the end. */
  open(key: string): { readonly replaced: AbortSignal; readonly close: () => void } {
    this.#open.get(key)?.abort(parleyError('observation.replaced', 'a newer stream observes the same side of the call'));
    const controller = new AbortController();
    this.#open.set(key, controller);
    return {
      replaced: controller.signal,
      close: () => {
        if (this.#open.get(key) === controller) this.#open.delete(key);
      },
    };
  }
}
