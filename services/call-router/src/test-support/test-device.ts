import { DeviceServiceClient, type ConnectRequest, type ConnectResponse } from '@parley/contracts';
import { createClient } from '@parley/grpc';
import { eventually } from '@parley/testing';

type Said = NonNullable<ConnectRequest['message']>;
type Told = NonNullable<ConnectResponse['message']>;
type Of<Case extends Told['$case']> = Extract<Told, { $case: Case }>['value'];

/** A device at the end of the device channel. */
export interface TestDevice {
  /** Everything that it was told, apart from audio. */
  readonly told: Told[];
  /** The frames that it heard, with the instant (performance.now) of each. */
  readonly heard: { readonly legId: string; readonly pcm: Buffer; readonly atMs: number }[];
  say<Case extends Said['$case']>($case: Case, value: Extract<Said, { $case: Case }>['value']): Promise<void>;
  /** The next message of a kind that was not asked for before. */
  next<Case extends Told['$case']>($case: Case): Promise<Of<Case>>;
  /** Settles when the stream has ended: undefined in order, or with what ended it. */
  readonly ended: Promise<unknown>;
  /** Breaks the stream. */
  close(): void;
}

/** Opens the channel, without registering. */
export async function openDevice(address: string, token: string): Promise<TestDevice> {
  const client = createClient(DeviceServiceClient, { address, token });
  const stream = await client.connect();
  const told: Told[] = [];
  const heard: TestDevice['heard'] = [];
  const unread: Told[] = [];
  const take = ({ message }: ConnectResponse): void => {
    if (message?.$case === 'audio') heard.push({ ...message.value, atMs: performance.now() });
    else if (message !== undefined) [told, unread].forEach((list) => list.push(message));
  };
  const read = async (): Promise<unknown> => {
    try {
      for await (const response of stream) take(response);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return {
    told,
    heard,
    ended: read(),
    say: ($case, value) => stream.send({ message: { $case, value } as Said }),
    next: async ($case) => {
      const index = await eventually(() => {
        const found = unread.findIndex((message) => message.$case === $case);
        if (found < 0) throw new Error(`the device was not told ${$case}; unread: ${JSON.stringify(unread)}`);
        return found;
      });
      return unread.splice(index, 1)[0]!.value as Of<typeof $case>;
    },
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}

/** Opens the channel and registers. */
export async function connectDevice(address: string, token: string): Promise<TestDevice> {
  const device = await openDevice(address, token);
  await device.say('register', {});
  await device.next('registered');
  return device;
}
