import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createEgress, type Egress, type EgressOptions, type EgressRequest } from './index.ts';
import { certificate, privateKey } from './tls.fixture.ts';

const code = (code: string) => expect.objectContaining({ code });
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) {
    await stop();
  }
});

async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(port, host, resolve);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  stops.push(() => {
    const closed = new Promise((resolve) => server.close(resolve));
    sockets.forEach((socket) => socket.destroy());
    return closed;
  });
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener, host?: string, port?: number): Promise<number> => listen(createServer(listener), host, port);

function egressWith(options: EgressOptions): Egress {
  const egress = createEgress(options);
  stops.push(() => egress.close());
  return egress;
}

/** Everything local is allowed, except where a test is about that. */
function localEgress(port: number, options: EgressOptions = {}): (request?: Partial<EgressRequest>) => ReturnType<Egress['request']> {
  const egress = egressWith({ allow: [`127.0.0.1:${port}`, `app.test:${port}`], resolve: async () => ['127.0.0.1'], ...options });
  return (request = {}) => egress.request({ url: `http://127.0.0.1:${port}/`, method: 'GET', ...request });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) {
    text += String(part);
  }
  return text;
}

const echo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  response.setHeader('x-repeated', ['a', 'b']);
  response.end(JSON.stringify({ method: request.method, url: request.url, host: request.headers.host, headers: request.headers, body: await bodyOf(request) }));
};

describe('a request', () => {
  test('carries method, headers and body; the answer has status, headers and body', async () => {
    const port = await serve((request, response) => void echo(request, response));
    const response = await localEgress(port)({ url: `http://127.0.0.1:${port}/a?b=c#d`, method: 'POST', headers: { 'content-type': 'text/plain', 'x-one': '1' }, body: 'hällo' });
    expect(response).toMatchObject({ status: 200, headers: { 'x-repeated': 'a, b' } });
    expect(JSON.parse(response.body.toString())).toMatchObject({ method: 'POST', url: '/a?b=c', body: 'hällo', headers: { 'x-one': '1', 'content-length': '6' } });
  });

  test.each([204, 302, 404, 500])('a status %s is an answer', async (status) => {
    const port = await serve((_, response) => response.writeHead(status, { location: '/elsewhere' }).end());
    expect(await localEgress(port)()).toMatchObject({ status });
  });

  test('keeps the name in Host while it connects to the resolved address', async () => {
    const port = await serve((request, response) => void echo(request, response));
    const response = await localEgress(port)({ url: `http://app.test:${port}/` });
    expect(JSON.parse(response.body.toString())).toMatchObject({ host: `app.test:${port}` });
  });
});

describe('the guard', () => {
  const hits = { count: 0 };
  const counting: RequestListener = (_, response) => {
    hits.count += 1;
    response.end('secret');
  };

  test.each([
    ['a loopback address', ['127.0.0.1']],
    ['a public and a private address', ['8.8.8.8', '10.0.0.1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['something that is no address', ['localhost']],
  ])('refuses a name that resolves to %s, and connects to nothing', async (_, addresses) => {
    hits.count = 0;
    const port = await serve(counting);
    const egress = egressWith({ resolve: async () => addresses });
    await expect(egress.request({ url: `http://innocent.example:${port}/`, method: 'GET' })).rejects.toEqual(code('egress.forbidden_address'));
    expect(hits.count).toBe(0);
  });

  test('resolves once per connection, and connects to what it checked: a name that changes its mind gains nothing', async () => {
    const port = await serve(counting);
    const resolved: string[] = [];
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    const request = localEgress(port, {
      resolve: async (host) => {
        resolved.push(host);
        return answers[resolved.length - 1] ?? [];
      },
    });
    hits.count = 0;
    // Nothing listens on 127.0.0.2: had the connection resolved for itself, this would fail.
    expect(await request({ url: `http://app.test:${port}/` })).toMatchObject({ status: 200 });
    expect(resolved).toEqual(['app.test']);
    expect(hits.count).toBe(1);
  });

  test('an allowed host:port allows neither another port nor another name', async () => {
    const port = await serve(counting);
    const other = await serve(counting);
    const egress = egressWith({ allow: [`app.test:${port}`], resolve: async () => ['127.0.0.1'] });
    hits.count = 0;
    for (const url of [`http://app.test:${other}/`, `http://127.0.0.1:${port}/`, `http://b.app.test:${port}/`]) {
      await expect(egress.request({ url, method: 'GET' })).rejects.toEqual(code('egress.forbidden_address'));
    }
    expect(hits.count).toBe(0);
  });

  test('tries the next address when one does not answer', async () => {
    const port = await serve(counting, '127.0.0.3');
    const request = localEgress(port, { resolve: async () => ['127.0.0.9', '127.0.0.3'] });
    expect(await request({ url: `http://app.test:${port}/` })).toMatchObject({ status: 200 });
  });

  test('the system’s own resolver is used by default', async () => {
    const port = await serve(counting);
    const egress = egressWith({ allow: [`localhost:${port}`] });
    expect(await egress.request({ url: `http://localhost:${port}/`, method: 'GET' })).toMatchObject({ status: 200 });
  });
});

describe('redirects', () => {
  test.each([
    [301, 'GET', ''],
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', 'body'],
    [308, 'POST', 'body'],
  ])('after %s the method is %s', async (status, method, body) => {
    const port = await serve((request, response) => {
      if (request.url === '/start') response.writeHead(status, { location: '/end?x=1' }).end();
      else void echo(request, response);
    });
    const response = await localEgress(port)({ url: `http://127.0.0.1:${port}/start`, method: 'POST', body: 'body', headers: { 'content-type': 'text/plain' }, redirects: 3 });
    expect(response.url).toBe(`http://127.0.0.1:${port}/end?x=1`);
    expect(JSON.parse(response.body.toString())).toMatchObject({ method, body });
  });

  test('are checked hop by hop', async () => {
    const secret = await serve((_, response) => response.end('secret'));
    for (const location of [`http://127.0.0.1:${secret}/`, `http://0x7f.1:${secret}/`, `http://innocent.example:${secret}/`, 'http://169.254.169.254/latest/meta-data/']) {
      const port = await serve((_, response) => response.writeHead(302, { location }).end());
      await expect(localEgress(port)({ redirects: 3 })).rejects.toEqual(code('egress.forbidden_address'));
    }
    const port = await serve((_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    await expect(localEgress(port)({ redirects: 3 })).rejects.toEqual(code('egress.invalid_url'));
  });

  test('without end are given up', async () => {
    let hops = 0;
    const port = await serve((_, response) => {
      hops += 1;
      response.writeHead(302, { location: `/${hops}` }).end();
    });
    await expect(localEgress(port)({ redirects: 3 })).rejects.toEqual(code('egress.too_many_redirects'));
    expect(hops).toBe(4);
  });

  test('headers can be made for each hop; fixed credentials do not follow to another origin', async () => {
    const target = await serve((request, response) => void echo(request, response));
    const port = await serve((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${target}/` }).end());
    const allow = [`127.0.0.1:${port}`, `127.0.0.1:${target}`];
    const egress = egressWith({ allow });
    const url = `http://127.0.0.1:${port}/`;
    const fixed = await egress.request({ url, method: 'GET', redirects: 1, headers: { authorization: 'secret', 'x-twilio-signature': 's', 'x-other': 'o' } });
    const seen = (JSON.parse(fixed.body.toString()) as { headers: Record<string, string> }).headers;
    expect(seen).toMatchObject({ 'x-other': 'o' });
    expect(seen).not.toHaveProperty('authorization');
    expect(seen).not.toHaveProperty('x-twilio-signature');
    const made = await egress.request({ url, method: 'POST', body: 'b', redirects: 1, headers: (hop) => ({ 'x-signed': `${hop.method} ${hop.url}` }) });
    expect(JSON.parse(made.body.toString())).toMatchObject({ headers: { 'x-signed': `GET http://127.0.0.1:${target}/` } });
  });
});

describe('a server that does not behave', () => {
  const limits = { timeouts: { readMs: 150, totalMs: 1_000 } };

  test('that refuses: egress.connect_failed', async () => {
    const port = await serve(() => undefined);
    await stops.pop()?.();
    await expect(localEgress(port)()).rejects.toEqual(code('egress.connect_failed'));
  });

  test('that hangs up: egress.connect_failed', async () => {
    const port = await listen(createTcpServer((socket) => socket.destroy()));
    await expect(localEgress(port)()).rejects.toEqual(code('egress.connect_failed'));
  });

  test('that says nothing: egress.timeout', async () => {
    const port = await serve(() => undefined);
    await expect(localEgress(port)(limits)).rejects.toEqual(code('egress.timeout'));
  });

  test('that stops in the middle: egress.timeout', async () => {
    const port = await serve((_, response) => void response.write('half'));
    await expect(localEgress(port)(limits)).rejects.toEqual(code('egress.timeout'));
  });

  test('that drips for ever: egress.timeout', async () => {
    const port = await serve((_, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    await expect(localEgress(port)(limits)).rejects.toEqual(code('egress.timeout'));
  });

  test('that sends too much: egress.response_too_large', async () => {
    const port = await serve((_, response) => void response.end(Buffer.alloc(10_000_000)));
    await expect(localEgress(port)({ maxBytes: 1_000 })).rejects.toEqual(code('egress.response_too_large'));
    expect((await localEgress(port)({ maxBytes: 10_000_000 })).body).toHaveLength(10_000_000);
  });

  test('that never stops sending is cut off, where only the beginning is wanted, and its connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serve((_, response) => {
      const send = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', send).on('close', () => closed.resolve());
      send();
    });
    const { status, body } = await localEgress(port)({ maxBytes: 1_000, excess: 'cut' });
    expect({ status, size: body.length }).toEqual({ status: 200, size: 1_000 });
    await closed.promise;
  });

  test('that resolves to a public address and the next time inside: egress.forbidden_address, and nothing inside is called', async () => {
    let hits = 0;
    const inside = await serve((_, response) => {
      hits += 1;
      response.end('secret');
    });
    // The first answer is one that no packet comes back from; the second is the attack.
    const answers = [['192.88.98.1'], ['127.0.0.1']];
    const egress = egressWith({ resolve: async () => answers.shift()!, connectMs: 50 });
    const request = { url: `http://rebinding.example:${inside}/`, method: 'GET' } as const;
    await expect(egress.request(request)).rejects.toEqual(expect.objectContaining({ code: expect.stringMatching(/^egress\.connect_/) }));
    await expect(egress.request(request)).rejects.toEqual(code('egress.forbidden_address'));
    expect(hits).toBe(0);
  });

  test.each(['garbage\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`])('that does not speak HTTP: egress.protocol_error', async (bytes) => {
    const port = await listen(createTcpServer((socket) => socket.on('error', () => undefined).end(bytes)));
    await expect(localEgress(port)()).rejects.toEqual(code('egress.protocol_error'));
  });

  test.each([
    ['that has no address', async () => []],
    ['that does not exist', () => Promise.reject(new Error('ENOTFOUND'))],
  ])('a name %s: egress.dns_failed', async (_, resolve) => {
    const egress = egressWith({ resolve });
    await expect(egress.request({ url: 'http://gone.example/', method: 'GET' })).rejects.toEqual(code('egress.dns_failed'));
  });

  test('a name whose resolution hangs: egress.timeout, or egress.connect_timeout if that is shorter', async () => {
    const resolve = () => new Promise<string[]>(() => undefined);
    const request = { url: 'http://slow.example/', method: 'GET', ...limits } as const;
    await expect(egressWith({ resolve }).request(request)).rejects.toEqual(code('egress.timeout'));
    await expect(egressWith({ resolve, connectMs: 20 }).request(request)).rejects.toEqual(code('egress.connect_timeout'));
  });

  test('a request that is given up: egress.cancelled', async () => {
    const abort = new AbortController();
    const port = await serve(() => abort.abort());
    await expect(localEgress(port)({ signal: abort.signal })).rejects.toEqual(code('egress.cancelled'));
    await expect(localEgress(port)({ signal: AbortSignal.abort() })).rejects.toEqual(code('egress.cancelled'));
  });
});

describe('TLS', () => {
  const serveTls = async (): Promise<{ port: number; names: unknown[] }> => {
    const names: unknown[] = [];
    const server = createTlsServer({ key: privateKey, cert: certificate }, (request, response) => {
      names.push((request.socket as TLSSocket & { servername?: unknown }).servername);
      response.end('ok');
    });
    server.on('tlsClientError', () => undefined);
    return { port: await listen(server), names };
  };

  test('asks for the name, not for the address', async () => {
    const { port, names } = await serveTls();
    const request = localEgress(port, { tls: { ca: certificate } });
    expect(await request({ url: `https://app.test:${port}/` })).toMatchObject({ status: 200 });
    expect(names).toEqual(['app.test']);
  });

  test('an unknown authority and a certificate of another name: egress.tls_failed', async () => {
    const { port, names } = await serveTls();
    await expect(localEgress(port)({ url: `https://app.test:${port}/` })).rejects.toEqual(code('egress.tls_failed'));
    const other = egressWith({ allow: [`other.test:${port}`], resolve: async () => ['127.0.0.1'], tls: { ca: certificate } });
    await expect(other.request({ url: `https://other.test:${port}/`, method: 'GET' })).rejects.toEqual(code('egress.tls_failed'));
    expect(names).toEqual([]);
  });

  test('a server without TLS: egress.tls_failed', async () => {
    const port = await listen(createTcpServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\n\r\n')));
    await expect(localEgress(port)({ url: `https://127.0.0.1:${port}/` })).rejects.toEqual(code('egress.tls_failed'));
  });
});
