import { rest } from './rest.ts';

const retryMs = 300;

/** Makes a request again, as the same one, for as long as what it fails of passes: the system's parts are away for a while, on purpose. */
export async function untilAnswered<T>(request: () => Promise<T>, stop: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (stop.aborted || !isPassing(error)) throw error;
      await rest(retryMs, stop);
    }
  }
}

function isPassing(error: unknown): boolean {
  return (error as { row?: { retry?: boolean } }).row?.retry === true;
}
