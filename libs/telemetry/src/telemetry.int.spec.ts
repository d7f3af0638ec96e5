import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  annotate,
  attributeNames,
  configureLogger,
  continueTrace,
  count,
  currentTraceparent,
  gauge,
  logger,
  metricTable,
  record,
  startTelemetry,
  timed,
  withSpan,
  withoutTrace,
  type SpanLine,
  type Telemetry,
} from './index.ts';

let dir: string;
let telemetry: Telemetry;
let lines: string[];

const start = (options: { otlpEndpoint?: string } = {}): void => {
  telemetry = startTelemetry({ service: 'billing', instance: 'billing-1', spansFile: join(dir, 'deep', 'spans.jsonl'), ...options });
  lines = [];
  configureLogger({ level: 'info', service: 'billing', instance: 'billing-1', destination: { write: (line) => void lines.push(line) } });
};
const spans = async (): Promise<SpanLine[]> => {
  await telemetry.shutdown();
  const text = await readFile(join(dir, 'deep', 'spans.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as SpanLine);
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-telemetry-'));
  start();
});
afterEach(async () => {
  await telemetry.shutdown();
  await rm(dir, { recursive: true });
});

describe('spans', () => {
  test('nest across awaits, and are written as lines when the process ends', async () => {
    await withSpan('outer', { [attributeNames.callId]: 'CA1' }, async () => {
      await sleep(1);
      await withSpan('inner', {}, () => annotate({ [attributeNames.verb]: 'Say' }), { kind: 'client' });
    });
    const [inner, outer] = await spans();
    expect(outer).toMatchObject({ name: 'outer', kind: 'internal', service: 'billing', instance: 'billing-1', attributes: { 'parley.call.id': 'CA1' } });
    expect(inner).toMatchObject({ name: 'inner', kind: 'client', traceId: outer?.traceId, parentSpanId: outer?.spanId, attributes: { 'parley.verb': 'Say' } });
    expect(outer?.parentSpanId).toBeUndefined();
    expect(BigInt(outer?.startUnixNano ?? 0)).toBeGreaterThan(0n);
  });

  test('what is thrown is recorded and thrown on', async () => {
    const error = Object.assign(new Error('no wallet of client:alice'), { code: 'not_found.wallet' });
    await expect(withSpan('failing', {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(await spans()).toMatchObject([{ error: 'not_found.wallet: no wallet of client:[redacted]', attributes: { 'parley.error.code': 'not_found.wallet' } }]);
  });

  test('a trace goes on in another process through its traceparent', async () => {
    let traceparent: string | undefined;
    await withSpan('producer', {}, () => {
      traceparent = currentTraceparent();
    });
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    await withSpan('consumer', {}, () => undefined, { kind: 'consumer', parent: traceparent });
    await continueTrace(traceparent, () => withSpan('other', {}, () => undefined));
    const [producer, consumer, other] = await spans();
    for (const child of [consumer, other]) {
      expect(child).toMatchObject({ traceId: producer?.traceId, parentSpanId: producer?.spanId });
    }
  });

  test.each([undefined, '', 'garbage', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`])('the parent %j starts a new trace', async (parent) => {
    await withSpan('around', {}, () => withSpan('new', {}, () => undefined, { parent }));
    const [fresh, around] = await spans();
    expect(fresh?.parentSpanId).toBeUndefined();
    expect(fresh?.traceId).not.toBe(around?.traceId);
  });

  test('work that outlives its request leaves the trace', async () => {
    await withSpan('request', {}, () => {
      expect(withoutTrace(() => currentTraceparent())).toBeUndefined();
    });
  });

  test('personal data is taken out before anything is written', async () => {
    await withSpan('call to +15551234567', { 'parley.address': 'x', note: 'for client:alice', list: ['+15551234567'] }, (span) => {
      span.addEvent('said', { text: 'hello', where: 'client:alice' });
    });
    await telemetry.shutdown();
    const text = await readFile(join(dir, 'deep', 'spans.jsonl'), 'utf8');
    expect(text).not.toMatch(/alice|15551234567/);
  });

  test('go to a collector as OTLP over HTTP', async () => {
    await telemetry.shutdown();
    const bodies: string[] = [];
    const collector = createServer((request, response) => {
      request.on('data', (part: Buffer) => bodies.push(`${request.url} ${part.toString('latin1')}`));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => {
      collector.listen(0, '127.0.0.1', resolve);
    });
    start({ otlpEndpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/` });
    await withSpan('to the collector', {}, () => undefined);
    await telemetry.shutdown();
    collector.close();
    collector.closeAllConnections();
    expect(bodies.join()).toMatch(/^\/v1\/traces .*to the collector/s);
  });
});

describe('logs', () => {
  const logged = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  test('are JSON lines with service, instance and trace', async () => {
    const log = logger('settlement');
    await withSpan('work', {}, () => log.info({ callId: 'CA1', big: 12n }, 'settled'));
    const [line] = logged();
    const [span] = await spans();
    expect(line).toMatchObject({ level: 'info', component: 'settlement', service: 'billing', instance: 'billing-1', callId: 'CA1', big: '12', msg: 'settled', traceId: span?.traceId, spanId: span?.spanId });
    expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  test('never show personal data: fields, texts, errors, arguments, bindings', () => {
    const log = logger('calls').child({ address: 'client:alice' });
    log.info({ from: '+15551234567', note: 'client:alice', err: new Error('to client:alice') }, 'ringing client:alice');
    log.warn(new Error('no answer from client:alice'));
    log.error('calling %s failed', 'client:alice');
    log.info('https://app.example/x?token=hunter2');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toMatch(/alice|15551234567|hunter2/);
    expect(logged()[1]).toMatchObject({ level: 'warn', err: { type: 'Error' } });
  });

  test('loggers made early follow a later level', () => {
    const log = logger('early');
    log.debug('not shown');
    configureLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) } });
    log.debug('shown');
    expect(logged().map(({ msg }) => msg)).toEqual(['shown']);
  });
});

describe('metrics', () => {
  const scrape = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const server = createServer(telemetry.metricsHandler);
      server.listen(0, '127.0.0.1', () => {
        get({ port: (server.address() as AddressInfo).port, path: '/metrics' }, (response) => {
          let text = '';
          response.on('data', (part: Buffer) => {
            text += part.toString();
          });
          response.on('end', () => {
            server.close();
            resolve(text);
          });
        }).on('error', reject);
      });
    });

  test('are served as Prometheus text', async () => {
    count('parley.bus.published', 2, { [attributeNames.eventClass]: 'call' });
    count('parley.bus.published', 1, { [attributeNames.eventClass]: 'call' });
    record('parley.store.duration', 0.003, { operation: 'find' });
    await timed('parley.egress.duration', {}, () => sleep(1));
    let live = 7;
    const remove = gauge('parley.call.live', () => live);
    gauge('parley.delivery.clients', () => [{ value: 3, labels: { [attributeNames.transport]: 'sse' } }]);
    const text = await scrape();
    expect(text).toMatch(/^parley_bus_published_total\{parley_event_class="call"\} 3$/m);
    expect(text).toMatch(/^parley_store_duration_seconds_bucket\{operation="find",le="0\.005"\} 1$/m);
    expect(text).toMatch(/^parley_egress_duration_seconds_count 1$/m);
    expect(text).toMatch(/^parley_call_live 7$/m);
    expect(text).toMatch(/^parley_delivery_clients\{parley_transport="sse"\} 3$/m);
    expect(text).toMatch(/^target_info\{service_name="billing",service_instance_id="billing-1"\} 1$/m);
    live = 8;
    expect(await scrape()).toMatch(/^parley_call_live 8$/m);
    remove();
    expect(await scrape()).toMatch(/^parley_call_live 0$/m);
  });

  test('have names of one shape', () => {
    for (const name of Object.keys(metricTable)) {
      expect(name).toMatch(/^parley(\.[a-z_]+)+$/);
    }
  });
});
