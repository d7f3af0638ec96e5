import { Agent, request } from 'undici';
import type { Job } from '../job.ts';

export interface PostBareParameters {
  readonly url: string;
  readonly count: number;
  /** Requests under way at a time, each on a connection of its own. */
  readonly concurrency: number;
  /** Of each body. */
  readonly bytes: number;
}

/** The baseline of webhooks: undici alone, nothing signed, nothing stored. */
export const postBare: Job<PostBareParameters, { readonly elapsedMs: number }> = async ({ url, count, concurrency, bytes }, control) => {
  const dispatcher = new Agent({ connections: concurrency });
  const body = Buffer.alloc(bytes, 'x');
  control.ready();
  await control.go;
  const startMs = performance.now();
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const response = await request(url, { method: 'POST', dispatcher, body, headers: { 'content-type': 'application/cloudevents+json' } });
      if (response.statusCode !== 204) throw new Error(`the receiver answered ${response.statusCode}`);
      await response.body.dump();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const elapsedMs = performance.now() - startMs;
  await dispatcher.close();
  return { elapsedMs };
};
