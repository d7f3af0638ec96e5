import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What stands in front of the replicas. */
export interface Balancer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A plain TCP balancer on loopback: each connection goes to the next port in turn, and to the one behind it when nobody
 * listens there. It knows nothing of what goes over it, and of no client where it was before.
 */
export async function startBalancer(targets: readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    turn += 1;
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => client.destroy());
    bridge(client, targets.map((_, index) => targets[(turn + index) % targets.length]!));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server, open) };
}

function bridge(client: Socket, [target, ...others]: readonly number[]): void {
  if (target === undefined || client.destroyed) {
    client.destroy();
    return;
  }
  let isConnected = false;
  const upstream = connect({ port: target, host: '127.0.0.1' }, () => {
    isConnected = true;
    client.once('close', () => upstream.destroy());
    if (client.destroyed) upstream.destroy();
    else client.pipe(upstream).pipe(client);
  });
  upstream.on('error', () => {
    if (!isConnected) bridge(client, others);
  });
  upstream.on('close', () => {
    if (isConnected) client.destroy();
  });
}

async function close(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    for (const client of open) client.destroy();
  });
}
