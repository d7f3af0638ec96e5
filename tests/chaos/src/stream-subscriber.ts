import type { Comings } from './comings.ts';
import { visitOverGrpc } from './grpc-visit.ts';
import { rest } from './rest.ts';
import type { SeededRandom } from './seeded-random.ts';
import { visitOverSse } from './sse-visit.ts';
import type { SubscriberLog } from './subscriber-log.ts';
import type { Visit, VisitEnd, VisitOptions } from './visit.ts';
import { visitOverWebSocket } from './websocket-visit.ts';

/** Transports of clients that hold a connection and a cursor. */
export type StreamTransport = 'grpc' | 'sse' | 'websocket';
const visitOver: Readonly<Record<StreamTransport, (options: VisitOptions) => Visit>> = {
  grpc: visitOverGrpc,
  sse: visitOverSse,
  websocket: visitOverWebSocket,
};
const transports = Object.keys(visitOver) as StreamTransport[];

export interface StreamSubscriberOptions {
  readonly log: SubscriberLog;
  readonly transport: StreamTransport;
  /** Of the balancer. */
  readonly ports: { readonly grpc: number; readonly http: number };
  readonly token: string;
  readonly random: SeededRandom;
  readonly longestStayMs: number;
  readonly comings: Comings;
  /** Once aborted it stays where it is, to take what is left. */
  readonly calm: AbortSignal;
  /** Ends it. */
  readonly stop: AbortSignal;
}

/** Of a second's heartbeat nothing came for so long: the replica is not there any more, though the connection is. */
const silenceMs = 5_000;
const shortestStayMs = 500;
const awayMs = [0, 4_000] as const;
const pausesMs = [1_000, 6_000] as const;
const afterBreakMs = 250;
const largestResponse = 200;

/**
 * A client that comes and goes until it is stopped: it breaks off in mid-stream, or stops reading for a while and then
 * goes on or breaks off, and comes back with its cursor, now and then over another transport.
 */
export async function runStreamSubscriber({ log, transport: usual, ports, token, random, longestStayMs, comings, calm, stop }: StreamSubscriberOptions): Promise<void> {
  const others = transports.filter((transport) => transport !== usual);
  let cursor = '';
  while (!stop.aborted) {
    const transport = random.chance(0.15) ? random.pick(others) : usual;
    const end = await stay(transport);
    log.note(`${transport} ${end.kind === 'left' ? 'left' : `${end.kind}: ${end.why}`}`);
    if (end.kind === 'refused') {
      log.refused(`${transport}: ${end.why}`);
      return;
    }
    if (!stop.aborted) comings[end.kind] += 1;
    await rest(end.kind === 'left' ? random.between(...awayMs) : afterBreakMs, end.kind === 'left' ? AbortSignal.any([calm, stop]) : stop);
  }

  async function stay(transport: StreamTransport): Promise<VisitEnd> {
    log.starting();
    let [isPaused, isSilent] = [false, false];
    const silence = setTimeout(() => isPaused || giveUp(), silenceMs);
    const onMessage: VisitOptions['onMessage'] = (next, events) => {
      silence.refresh();
      for (const event of events) log.take(event, transport);
      cursor = next;
      log.started();
    };
    const port = transport === 'grpc' ? ports.grpc : ports.http;
    const maxEvents = random.chance(0.5) ? random.integer(1, largestResponse) : 0;
    const visit = visitOver[transport]({ port, token, filter: log.filter, cursor, maxEvents, onMessage });
    const giveUp = () => {
      isSilent = true;
      visit.leave();
    };
    stop.addEventListener('abort', visit.leave, { once: true });
    const over = new AbortController();
    const ended = visit.ended.finally(() => over.abort());
    void wander(visit, AbortSignal.any([over.signal, calm]), (paused) => {
      isPaused = paused;
      silence.refresh();
    });
    try {
      const end = await ended;
      return isSilent ? { kind: 'broken', why: `nothing came for ${silenceMs / 1_000} s` } : end;
    } finally {
      clearTimeout(silence);
      stop.removeEventListener('abort', visit.leave);
    }
  }

  /** Until the visit is over or all is to be calm. */
  async function wander(visit: Visit, signal: AbortSignal, setPaused: (paused: boolean) => void): Promise<void> {
    await rest(random.between(shortestStayMs, longestStayMs), signal);
    while (!signal.aborted && random.chance(0.4)) {
      setPaused(true);
      visit.pause();
      await rest(random.between(...pausesMs), signal);
      if (!signal.aborted && random.chance(0.3)) break;
      visit.resume();
      setPaused(false);
      await rest(random.between(shortestStayMs, longestStayMs), signal);
    }
    if (!signal.aborted) visit.leave();
  }
}
