import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type GetWalletRequest, BillingServiceClient, BillingServiceService } from '@parley/contracts';
import { parleyError } from '@parley/errors';
import { configureLogger, startTelemetry, withSpan, type SpanLine } from '@parley/telemetry';
import { testKeys } from '@parley/testing';
import { createClient, createGrpcServer, grpcService } from './index.ts';

const keys = testKeys();

test('one trace from the caller’s span through client and server into the handler; no personal data on the way', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-grpc-'));
  const telemetry = startTelemetry({ service: 'test', instance: 'test-1', spansFile: join(dir, 'spans.jsonl') });
  const lines: string[] = [];
  configureLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const fail = () => {
    throw parleyError('not_found.wallet', 'no wallet of client:alice');
  };
  const handlers = { createPolicy: fail, getPolicy: fail, setDefaultPolicy: fail, topUpWallet: fail, setCreditLimit: fail, listLedgerEntries: fail, getReceipt: fail, renderReceipt: fail, explainCharge: fail, simulateCharge: fail, exportUsage: fail, refundCharge: fail, reRateCharge: fail, openDispute: fail, resolveDispute: fail };
  const getWallet = (request: GetWalletRequest) => withSpan('in the handler', { address: request.address }, fail);
  const server = await createGrpcServer({
    host: '127.0.0.1',
    port: 0,
    verifier: keys.verifier,
    services: [grpcService(BillingServiceService, { scope: 'api', handlers: { ...handlers, getWallet } })],
  });
  const client = createClient(BillingServiceClient, { address: `127.0.0.1:${server.port}`, token: () => keys.token({ subject: 'client:alice' }) });
  await withSpan('outside', {}, () => expect(client.getWallet({ address: 'client:alice' })).rejects.toMatchObject({ code: 'not_found.wallet' }));
  client.close();
  await server.stop();
  await telemetry.shutdown();

  const text = await readFile(join(dir, 'spans.jsonl'), 'utf8');
  await rm(dir, { recursive: true });
  const spans = text.trim().split('\n').map((line) => JSON.parse(line) as SpanLine);
  const span = (name: string, kind: string): SpanLine | undefined => spans.find((line) => line.name === name && line.kind === kind);
  const method = 'parley.billing.v1.BillingService/GetWallet';
  const chain = [span('outside', 'internal'), span(method, 'client'), span(method, 'server'), span('in the handler', 'internal')];
  expect(new Set(chain.map((line) => line?.traceId)).size).toBe(1);
  expect(chain.map((line) => line?.parentSpanId)).toEqual([undefined, ...chain.slice(0, 3).map((line) => line?.spanId)]);
  expect(chain[2]).toMatchObject({ attributes: { 'parley.account': 'acme', 'parley.error.code': 'not_found.wallet' } });
  expect(lines.join('')).toContain('not_found.wallet');
  expect(text + lines.join('')).not.toContain('alice');
});
