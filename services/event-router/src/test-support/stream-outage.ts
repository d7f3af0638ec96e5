import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a NATS server on which one stream can be out of reach, as when it has lost its quorum. */
export interface StreamOutage {
  readonly url: string;
  /** From now on requests about the stream have no answer, and its messages do not arrive. */
  begin(): void;
  end(): void;
  stop(): Promise<void>;
}

/** @param subjectPrefix of the stream's messages */
export async function startStreamOutage(natsUrl: string, { stream, subjectPrefix }: { readonly stream: string; readonly subjectPrefix: string }): Promise<StreamOutage> {
  let isOut = false;
  const target = new URL(natsUrl);
  const sockets = new Set<Socket>();
  const isOfStream = (subject: string) => isOut && (subject.split('.').includes(stream) || subject.startsWith(subjectPrefix));
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('data', filtered(isOfStream, (bytes) => upstream.write(bytes))).on('close', () => upstream.destroy());
    upstream.on('data', filtered(isOfStream, (bytes) => client.write(bytes))).on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin: () => {
      isOut = true;
    },
    end: () => {
      isOut = false;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const withPayload = /^(?:H?PUB|H?MSG) /i;

/** Lets through whole operations of the NATS client protocol, but those with a payload whose subject is to be dropped. */
function filtered(isDropped: (subject: string) => boolean, write: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.toString('latin1', 0, end);
      // The last number is the payload's size, which has a line end of its own.
      const size = withPayload.test(line) ? end + 2 + Number(line.slice(line.lastIndexOf(' ') + 1)) + 2 : end + 2;
      if (rest.length < size) return;
      if (!withPayload.test(line) || !isDropped(line.split(' ')[1]!)) write(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  };
}
