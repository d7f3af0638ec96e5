import { connect, type Socket } from 'node:net';
import type { Job } from '../job.ts';

export interface SseClientsParameters {
  readonly port: number;
  readonly token: string;
  readonly clients: number;
  /** Events that each of them is to get; 0: none, they are idle until the process ends. */
  readonly events: number;
}

export interface SseTimes {
  /** From the first event that any client got until each has all. */
  readonly elapsedMs: number;
  /** From the event's time until it was there, of some clients. */
  readonly latencyMs: readonly number[];
}

/** As many connects at a time as a listening socket's queue takes. */
const connectedAtOnce = 100;
/** Every so many clients one reads the times: to read all would measure this process. */
const timedEvery = 20;
const mark = Buffer.from('\nevent: call.');
const heartbeat = Buffer.from('\nevent: heartbeat');

/** Clients that do the least that a client can: they count events by the text that each begins with. */
export const sseClients: Job<SseClientsParameters, SseTimes> = async ({ port, token, clients, events }, control) => {
  const latencyMs: number[] = [];
  const all = Promise.withResolvers<void>();
  // Idle clients wait for nothing.
  all.promise.catch(() => undefined);
  let firstMs = Number.POSITIVE_INFINITY;
  let missing = clients;
  const sockets: Socket[] = [];
  const open = (nth: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      sockets.push(socket);
      socket.write(`GET /v1/events?types=call.* HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nAccept: text/event-stream\r\n\r\n`);
      const countMarks = markCounter();
      let count = 0;
      socket.on('data', (chunk) => {
        if (count === 0 && chunk.includes(heartbeat)) resolve();
        const more = countMarks(chunk);
        if (more > 0 && firstMs === Number.POSITIVE_INFINITY) firstMs = performance.now();
        if (count < events && count + more >= events && --missing === 0) all.resolve();
        count += more;
        if (nth % timedEvery === 0) readTimes(chunk, latencyMs);
      });
      const fail = (error: Error) => {
        reject(error);
        all.reject(error);
      };
      socket.on('error', fail);
      socket.on('close', () => fail(new Error('the event-router closed a stream')));
    });
  for (let nth = 0; nth < clients; nth += connectedAtOnce) {
    await Promise.all(Array.from({ length: Math.min(connectedAtOnce, clients - nth) }, (_, index) => open(nth + index)));
  }
  control.ready();
  await control.go;
  if (events > 0) await all.promise;
  const elapsedMs = performance.now() - firstMs;
  for (const socket of sockets) socket.destroy();
  return { elapsedMs, latencyMs };
};

/** Counts the marks of a stream, also those that are cut in two. */
function markCounter(): (chunk: Buffer) => number {
  const cut = mark.length - 1;
  let tail: Buffer = Buffer.alloc(0);
  return (chunk) => {
    // Neither side of the seam is long enough to hold one by itself.
    const seam = Buffer.concat([tail, chunk.subarray(0, cut)]);
    const count = marksIn(seam) + marksIn(chunk);
    tail = (chunk.length < cut ? seam : chunk).subarray(-cut);
    return count;
  };
}

function marksIn(data: Buffer): number {
  let count = 0;
  for (let at = data.indexOf(mark); at !== -1; at = data.indexOf(mark, at + mark.length)) count += 1;
  return count;
}

function readTimes(data: Buffer, into: number[]): void {
  const now = Date.now();
  for (const [, time] of data.toString('latin1').matchAll(/"time":"([^"]{24})"/g)) into.push(now - Date.parse(time!));
}
