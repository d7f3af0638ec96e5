import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client, Metadata, credentials, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import {
  BillingServiceClient,
  BillingServiceService,
  ConnectRequest,
  type ConnectResponse,
  DeviceServiceClient,
  DeviceServiceService,
  EventServiceClient,
  EventServiceService,
  type GetWalletRequest,
  type GetWalletResponse,
  StreamEventsRequest,
  type StreamEventsResponse,
} from '@parley/contracts';
import { invalidArgument, parleyError } from '@parley/errors';
import { eventually, testKeys } from '@parley/testing';
import {
  createClient,
  createGrpcServer,
  grpcService,
  type BidiHandler,
  type CallContext,
  type GrpcClient,
  type GrpcServer,
  type Handlers,
  type ServerStreamHandler,
  type UnaryHandler,
} from './index.ts';

const keys = testKeys();
const code = (code: string) => expect.objectContaining({ code });

let server: GrpcServer;
let getWallet: UnaryHandler<GetWalletRequest, GetWalletResponse>;
let streamEvents: ServerStreamHandler<StreamEventsRequest, StreamEventsResponse>;
let connect: BidiHandler<ConnectRequest, ConnectResponse>;
let billing: GrpcClient<typeof BillingServiceService>;
let events: GrpcClient<typeof EventServiceService>;
let devices: GrpcClient<typeof DeviceServiceService>;

const notHere = () => {
  throw parleyError('request.unimplemented', 'not part of this test');
};

function billingHandlers(): Handlers<typeof BillingServiceService> {
  return {
    createPolicy: notHere,
    getPolicy: notHere,
    setDefaultPolicy: notHere,
    topUpWallet: notHere,
    setCreditLimit: notHere,
    getWallet: (request, call) => getWallet(request, call),
    listLedgerEntries: notHere,
    getReceipt: notHere,
    renderReceipt: notHere,
    explainCharge: notHere,
    simulateCharge: notHere,
    exportUsage: notHere,
    refundCharge: notHere,
    reRateCharge: notHere,
    openDispute: notHere,
    resolveDispute: notHere,
  };
}

beforeAll(async () => {
  server = await createGrpcServer({
    host: '127.0.0.1',
    port: 0,
    verifier: keys.verifier,
    maxMessageBytes: 100_000,
    deadlines: { defaultMs: 300, maxMs: 1_000 },
    services: [
      grpcService(BillingServiceService, { scope: 'api', handlers: billingHandlers() }),
      grpcService(EventServiceService, { scope: 'api', handlers: { streamEvents: (request, stream) => streamEvents(request, stream) } }),
      grpcService(DeviceServiceService, { scope: 'device', handlers: { connect: (requests, stream) => connect(requests, stream) } }),
    ],
  });
  const address = `127.0.0.1:${server.port}`;
  billing = createClient(BillingServiceClient, { address, token: () => keys.token() });
  events = createClient(EventServiceClient, { address, token: () => keys.token() });
  devices = createClient(DeviceServiceClient, { address, token: () => keys.token({ scope: 'device', subject: 'client:alice' }) });
});
afterAll(async () => {
  billing.close();
  events.close();
  devices.close();
  await server.stop();
});
beforeEach(() => {
  getWallet = () => ({ wallet: undefined });
});

const walletOf = (walletId: string): GetWalletResponse => ({ wallet: { walletId, balance: undefined, reserved: undefined, available: undefined, creditLimit: undefined, buckets: [] } });

/** A call below the client library: any bytes, any metadata. */
function rawUnary(path: string, bytes: Buffer, headers: Record<string, string>, deadlineMs = 5_000): Promise<{ error: ServiceError | null }> {
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const metadata = new Metadata();
  Object.entries(headers).forEach(([name, value]) => metadata.set(name, value));
  return new Promise((resolve) => {
    const same = (value: Buffer): Buffer => value;
    client.makeUnaryRequest(path, same, same, bytes, metadata, { deadline: Date.now() + deadlineMs }, (error) => {
      client.close();
      resolve({ error });
    });
  });
}

const getWalletPath = BillingServiceService.getWallet.path;

describe('a unary call', () => {
  test('reaches its handler with the identity of its token', async () => {
    let context: CallContext | undefined;
    getWallet = (request, call) => {
      context = call;
      return walletOf(request.address);
    };
    const token = await keys.token({ accountId: 'globex', subject: 'service:app' });
    expect(await billing.getWallet({ address: 'client:bob' }, { token })).toEqual(walletOf('client:bob'));
    expect(context?.identity).toMatchObject({ accountId: 'globex', subject: 'service:app', scopes: ['api'] });
    expect(context?.method).toBe('parley.billing.v1.BillingService/GetWallet');
    expect(context?.deadline).toBeInstanceOf(Date);
  });

  test('carries an error of the table: status, code, details', async () => {
    getWallet = () => {
      throw invalidArgument([{ field: 'address', description: 'is not an address: «ü»' }]);
    };
    await expect(billing.getWallet({ address: 'x' })).rejects.toMatchObject({
      code: 'request.invalid_argument',
      message: 'address: is not an address: «ü»',
      details: { violations: [{ field: 'address', description: 'is not an address: «ü»' }] },
      cause: expect.objectContaining({ code: grpcStatus.INVALID_ARGUMENT }),
    });
  });

  test('tells nothing of an unexpected error', async () => {
    getWallet = () => {
      throw new Error('password of the database is 1234');
    };
    const failure = await billing.getWallet({ address: 'x' }).catch((error: unknown) => error as Error);
    expect(failure).toEqual(code('internal'));
    expect(JSON.stringify(failure) + String((failure as Error).cause)).not.toContain('1234');
  });

  test('ends at its deadline, and the handler learns it', async () => {
    let aborted = false;
    getWallet = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(new Error('given up'));
        });
      });
    await expect(billing.getWallet({ address: 'x' }, { deadlineMs: 100 })).rejects.toEqual(code('request.deadline_exceeded'));
    await eventually(() => expect(aborted).toBe(true));
  });

  test('without a deadline has the default one; one in the far future is cut', async () => {
    const deadlines: number[] = [];
    getWallet = (_, { deadline }) => {
      deadlines.push((deadline?.getTime() ?? 0) - Date.now());
      return new Promise(() => undefined);
    };
    const headers = { authorization: `Bearer ${await keys.token()}` };
    const { error: none } = await rawUnary(getWalletPath, Buffer.alloc(0), headers, Number.POSITIVE_INFINITY);
    const { error: far } = await rawUnary(getWalletPath, Buffer.alloc(0), headers, 3_600_000);
    expect([none?.code, far?.code]).toEqual([grpcStatus.DEADLINE_EXCEEDED, grpcStatus.DEADLINE_EXCEEDED]);
    expect(none?.metadata.get('parley-error-code')).toEqual(['request.deadline_exceeded']);
    expect(deadlines[0]).toBeLessThanOrEqual(300);
    expect(deadlines[1]).toBeLessThanOrEqual(1_000);
  });

  test('given up by its caller is given up by its handler', async () => {
    let aborted = false;
    const abort = new AbortController();
    getWallet = (_, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      abort.abort();
      return new Promise(() => undefined);
    };
    await expect(billing.getWallet({ address: 'x' }, { signal: abort.signal })).rejects.toEqual(code('request.cancelled'));
    await eventually(() => expect(aborted).toBe(true));
  });

  test('to a method that does not exist', async () => {
    const { error } = await rawUnary('/parley.billing.v1.BillingService/Nothing', Buffer.alloc(0), {});
    expect(error?.code).toBe(grpcStatus.UNIMPLEMENTED);
  });
});

describe('authentication', () => {
  const garbage = Buffer.from('not a request');
  test.each([
    ['no token', async () => ({}), 'auth.missing', grpcStatus.UNAUTHENTICATED],
    ['another scheme', async () => ({ authorization: 'Basic YTpi' }), 'auth.malformed', grpcStatus.UNAUTHENTICATED],
    ['no JWT', async () => ({ authorization: 'Bearer abc' }), 'auth.malformed', grpcStatus.UNAUTHENTICATED],
    ['an expired token', async () => ({ authorization: `Bearer ${await keys.token({ ttlSeconds: -60 })}` }), 'auth.expired', grpcStatus.UNAUTHENTICATED],
    ['another scope', async () => ({ authorization: `Bearer ${await keys.token({ scope: 'device' })}` }), 'auth.wrong_scope', grpcStatus.PERMISSION_DENIED],
    ['an account that is none', async () => ({ authorization: `Bearer ${await keys.token({ accountId: 'Acme!' })}` }), 'auth.malformed', grpcStatus.UNAUTHENTICATED],
  ])('%s is refused before the request is looked at', async (_, headers, expected, status) => {
    const { error } = await rawUnary(getWalletPath, garbage, await headers());
    expect(error?.metadata.get('parley-error-code')).toEqual([expected]);
    expect(error?.code).toBe(status);
  });
});

describe('bad bytes', () => {
  test('malformed protobuf is the caller’s fault, and the server goes on', async () => {
    const headers = { authorization: `Bearer ${await keys.token()}` };
    for (const bytes of [Buffer.from([0x0a, 0xff, 0xff]), Buffer.from('garbage'), Buffer.alloc(2_000, 0x0b)]) {
      const { error } = await rawUnary(getWalletPath, bytes, headers);
      expect(error?.code).toBe(grpcStatus.INVALID_ARGUMENT);
      expect(error?.metadata.get('parley-error-code')).toEqual(['request.malformed']);
    }
    await expect(billing.getWallet({ address: 'x' })).resolves.toBeDefined();
  });

  test('a message that is too large gets its code', async () => {
    await expect(billing.getWallet({ address: 'x'.repeat(200_000) })).rejects.toEqual(code('request.too_large'));
    // Beyond what the transport reads at all.
    await expect(billing.getWallet({ address: 'x'.repeat(2_000_000) })).rejects.toEqual(code('request.too_large'));
  });
});

describe('a server stream', () => {
  const response = (cursor: string): StreamEventsResponse => ({ cursor, event: undefined, events: [], notice: undefined });
  const request = StreamEventsRequest.create();

  test('comes in order and ends', async () => {
    streamEvents = async (_, stream) => {
      for (let i = 0; i < 500; i += 1) {
        await stream.send(response(String(i)));
      }
    };
    const seen: string[] = [];
    for await (const { cursor } of await events.streamEvents(request)) {
      seen.push(cursor);
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, i) => String(i)));
  });

  test('ends with the error of its handler, after what was sent', async () => {
    streamEvents = async (_, stream) => {
      await stream.send(response('first'));
      throw parleyError('cursor.too_old', 'gone');
    };
    const seen: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const { cursor } of await events.streamEvents(request)) {
        seen.push(cursor);
      }
    };
    await expect(reading()).rejects.toEqual(code('cursor.too_old'));
    expect(seen).toEqual(['first']);
  });

  test('a slow reader slows the sender; when it leaves, the sender learns it', async () => {
    let sent = 0;
    let failure: unknown;
    streamEvents = async (_, stream) => {
      try {
        for (;;) {
          await stream.send(response('x'.repeat(50_000)));
          sent += 1;
        }
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    for await (const { cursor } of await events.streamEvents(request)) {
      expect(cursor).toHaveLength(50_000);
      await new Promise((resolve) => setTimeout(resolve, 200));
      break;
    }
    await eventually(() => expect(failure).toEqual(code('request.cancelled')));
    // Flow control windows and buffers of both ends hold a few hundred messages at most.
    expect(sent).toBeLessThan(1_000);
  });

  test('has no deadline of its own', async () => {
    let deadline: Date | undefined = new Date();
    streamEvents = async (_, stream) => {
      ({ deadline } = stream);
    };
    for await (const message of await events.streamEvents(request)) {
      expect(message).toBeUndefined();
    }
    expect(deadline).toBeUndefined();
  });
});

describe('a stream in both directions', () => {
  const place = (to: string): ConnectRequest => ({ message: { $case: 'placeCall', value: { requestId: 'r', to, observationConsent: false } } });
  const registered = (address: string): ConnectResponse => ({ message: { $case: 'registered', value: { address, routerInstance: 'r' } } });

  test('answers each message until the client half-closes', async () => {
    connect = async (requests, stream) => {
      for await (const request of requests) {
        await stream.send(registered(request.message?.$case === 'placeCall' ? request.message.value.to : '?'));
      }
      await stream.send(registered('bye'));
    };
    const stream = await devices.connect();
    await stream.send(place('a'));
    await stream.send(place('b'));
    stream.end();
    const seen: unknown[] = [];
    for await (const response of stream) {
      seen.push(response);
    }
    expect(seen).toEqual([registered('a'), registered('b'), registered('bye')]);
  });

  test('a handler may end while the client still sends', async () => {
    connect = async (requests, stream) => {
      for await (const request of requests) {
        await stream.send(registered(request.message?.$case ?? ''));
        break;
      }
      await stream.send(registered('last'));
    };
    const stream = await devices.connect();
    await stream.send(place('a'));
    const seen: unknown[] = [];
    for await (const response of stream) {
      seen.push(response);
    }
    expect(seen).toEqual([registered('placeCall'), registered('last')]);
    await expect(stream.send(place('b'))).rejects.toEqual(code('request.cancelled'));
  });

  test('a client that goes away ends the iteration and the signal', async () => {
    const outcome = Promise.withResolvers<unknown>();
    let aborted = false;
    connect = async (requests, stream) => {
      stream.signal.addEventListener('abort', () => {
        aborted = true;
      });
      try {
        for await (const request of requests) {
          await stream.send(registered(request.message?.$case ?? ''));
        }
        outcome.resolve('ended');
      } catch (error) {
        outcome.resolve(error);
        throw error;
      }
    };
    const stream = await devices.connect();
    await stream.send(place('a'));
    for await (const response of stream) {
      expect(response).toEqual(registered('placeCall'));
      stream.cancel();
      break;
    }
    await expect(outcome.promise).resolves.toEqual(code('request.cancelled'));
    expect(aborted).toBe(true);
  });

  test('malformed protobuf in the middle ends that stream with a code, and no other', async () => {
    const seen: string[] = [];
    connect = async (requests) => {
      for await (const request of requests) {
        seen.push(request.message?.$case ?? '');
      }
    };
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await keys.token({ scope: 'device' })}`);
    const same = (value: Buffer): Buffer => value;
    const call = client.makeBidiStreamRequest(DeviceServiceService.connect.path, same, same, metadata);
    const ended = new Promise<ServiceError>((resolve) => {
      call.on('error', resolve);
    });
    call.resume();
    call.write(Buffer.from(ConnectRequest.encode(place('a')).finish()));
    call.write(Buffer.from([0x0a, 0xff, 0xff, 0xff]));
    expect((await ended).metadata.get('parley-error-code')).toEqual(['request.malformed']);
    expect(seen).toEqual(['placeCall']);
    client.close();
    await expect(billing.getWallet({ address: 'x' })).resolves.toBeDefined();
  });

  test('a token without the scope ends it with a code', async () => {
    const stream = await devices.connect({ token: await keys.token({ scope: 'api' }) });
    const reading = async (): Promise<void> => {
      for await (const response of stream) {
        expect(response).toBeUndefined();
      }
    };
    await expect(reading()).rejects.toEqual(code('auth.wrong_scope'));
  });
});
