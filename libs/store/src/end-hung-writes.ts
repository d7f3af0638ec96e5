import { createRequire } from 'node:module';
import { MongoNetworkError } from 'mongodb';

// A mend of the driver (seen in 7.9.0). `Connection.writeCommand` waits for `drain` or `error` when `write` gave false; a
// socket that is destroyed already, or that the other side closes meanwhile, emits neither, only `close`. So when the
// database dies, whoever writes to a connection between its end and its `close` waits for ever: an operation hangs, or
// the monitor does, and then the client never finds the database again. The wait can be given a signal: it gets one that
// is aborted when the connection closes. To be taken out when the driver does so itself: the spec "does not wait for ever
// …" tells.

interface DriverConnection {
  readonly id: unknown;
  readonly address: string;
  once(event: 'close', listener: () => void): void;
}

interface WriteOptions {
  readonly signal?: AbortSignal;
}

interface ConnectionPrototype {
  writeCommand: (this: DriverConnection, command: unknown, options: WriteOptions) => Promise<void>;
}

const { Connection } = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as { readonly Connection: { readonly prototype: ConnectionPrototype } };
const closings = new WeakMap<DriverConnection, AbortSignal>();

function closingOf(connection: DriverConnection): AbortSignal {
  const known = closings.get(connection);
  if (known !== undefined) return known;
  const closing = new AbortController();
  connection.once('close', () => closing.abort(new MongoNetworkError(`connection ${String(connection.id)} to ${connection.address} closed`)));
  closings.set(connection, closing.signal);
  return closing.signal;
}

let isMended = false;

/** Lets no operation, nor the monitor, of any client wait for a socket that is closed. Once per process. */
export function endHungWrites(): void {
  if (isMended) return;
  isMended = true;
  const { prototype } = Connection;
  const { writeCommand } = prototype;
  prototype.writeCommand = function endingOnClose(command, options) {
    return writeCommand.call(this, command, { ...options, signal: options.signal ?? closingOf(this) });
  };
}
