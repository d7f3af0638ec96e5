// Sends what a device sees and hears of the counterpart to recognition, and keeps it until it is acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Metadata, type ClientDuplexStream } from '@grpc/grpc-js';
import { RecognitionServiceClient, type ObserveRequest, type ObserveResponse } from '@parley/contracts';

export interface ObserverOptions {
  /** host:port of recognition; several, separated by commas, are tried in turn. */
  readonly target: string;
  /** The token of ObservationGranted. */
  readonly token: string;
  readonly onResponse?: (response: ObserveResponse) => void;
}

export interface Observer {
  /** Observations come in the order of their media time. */
  observe(observation: ObserveRequest): void;
  /** Says that no observation follows; resolves when all of them are acknowledged. */
  finish(mediaTimeMs: bigint, timeoutMs?: number): Promise<void>;
  close(): void;
}

const reconnectMs = 200;

export function startObserver({ target, token, onResponse = () => undefined }: ObserverOptions): Observer {
  const targets = target.split(',');
  const unacknowledged: ObserveRequest[] = [];
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  let stream: ClientDuplexStream<ObserveRequest, ObserveResponse> | undefined;
  let closed = false;
  let attempt = 0;
  let lastFailure = '';

  const connect = () => {
    if (closed) return;
    const client = new RecognitionServiceClient(targets[attempt++ % targets.length]!, credentials.createInsecure());
    const opened = client.observe(metadata);
    stream = opened;
    opened.on('data', (response: ObserveResponse) => {
      acknowledge(unacknowledged, response.acknowledgedThroughMs);
      onResponse(response);
    });
    const lost = (error?: Error) => {
      if (stream !== opened) return;
      lastFailure = error?.message ?? lastFailure;
      stream = undefined;
      client.close();
      setTimeout(connect, reconnectMs);
    };
    opened.on('error', lost);
    opened.on('end', () => lost());
    for (const observation of unacknowledged) opened.write(observation);
  };
  connect();

  const observe = (observation: ObserveRequest) => {
    unacknowledged.push(observation);
    stream?.write(observation);
  };
  const close = () => {
    closed = true;
    stream?.end();
    stream = undefined;
  };
  return {
    observe,
    finish: async (mediaTimeMs, timeoutMs = 30_000) => {
      observe({ mediaTimeMs, observation: { $case: 'finished', value: true } });
      const deadline = Date.now() + timeoutMs;
      while (unacknowledged.length > 0 && Date.now() < deadline) await sleep(20);
      if (unacknowledged.length > 0) {
        throw new Error(`recognition did not acknowledge ${unacknowledged.length} observations; last failure: ${lastFailure}`);
      }
      close();
    },
    close,
  };
}

function acknowledge(unacknowledged: ObserveRequest[], throughMs: bigint): void {
  while (unacknowledged.length > 0 && unacknowledged[0]!.mediaTimeMs <= throughMs) unacknowledged.shift();
}
