// A telephony device on the device channel: one gRPC stream.
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Metadata } from '@grpc/grpc-js';
import { DeviceServiceClient, MediaKind, type ConnectRequest, type ConnectResponse } from '@parley/contracts';
import { Inbox } from './inbox.ts';

type Sent = NonNullable<ConnectRequest['message']>;
type Received = NonNullable<ConnectResponse['message']>;

export interface DeviceOptions {
  /** host:port of a call-router. */
  readonly target: string;
  /** Scope `device`; its `sub` is the device's address. */
  readonly token: string;
}

export interface Device {
  /** What the router says, apart from audio. */
  readonly inbox: Inbox<Received>;
  /** 20 ms frames that were heard: 16 kHz mono PCM, signed 16 bit little-endian. */
  readonly heard: Uint8Array[];
  send(message: Sent): void;
  /** Sends frames at the pace at which they are spoken. */
  speak(legId: string, frames: Iterable<Buffer>): Promise<void>;
  startVideo(legId: string): void;
  close(): void;
}

const frameMs = 20;

/** Connects and registers; resolves once the device can be called. */
export async function connectDevice({ target, token }: DeviceOptions): Promise<Device> {
  const client = new DeviceServiceClient(target, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const stream = client.connect(metadata);
  const inbox = new Inbox<Received>();
  const heard: Uint8Array[] = [];
  let closed = false;

  stream.on('data', ({ message }: ConnectResponse) => {
    if (message?.$case === 'audio') heard.push(message.value.pcm);
    else if (message !== undefined) inbox.push(message);
  });
  stream.on('error', (error: Error) => inbox.fail(error));
  stream.on('end', () => inbox.fail(new Error('the router closed the device channel')));

  const send = (message: Sent) => {
    if (!closed) stream.write({ message });
  };
  send({ $case: 'register', value: {} });
  await inbox.next('registered');

  return {
    inbox,
    heard,
    send,
    speak: async (legId, frames) => {
      let due = performance.now();
      for (const pcm of frames) {
        send({ $case: 'audio', value: { legId, pcm } });
        due += frameMs;
        await sleep(Math.max(0, due - performance.now()));
      }
    },
    startVideo: (legId) => send({ $case: 'startMedia', value: { legId, kind: MediaKind.VIDEO } }),
    close: () => {
      closed = true;
      stream.end();
      client.close();
    },
  };
}
