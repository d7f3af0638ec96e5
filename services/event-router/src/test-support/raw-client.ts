import { connect, type Socket } from 'node:net';

/** A client that sends bytes of its own making, as no library would. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came back so far. */
  readonly answer: () => string;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  write(text: string): void;
}

export function rawClient(port: number, text = ''): RawClient {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', (part: string) => (answer += part));
  // A server that cuts a client off resets the connection.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  if (text !== '') socket.write(text);
  return { socket, answer: () => answer, closed, write: (more) => void (socket.writable && socket.write(more)) };
}

/** The status, and the JSON of the error, of an answer. */
export function refusalIn(answer: string): { readonly status: number; readonly code: unknown } {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
  const { code } = JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? '{}') as { code?: unknown };
  return { status, code };
}
