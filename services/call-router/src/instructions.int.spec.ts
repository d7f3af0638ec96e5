import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CallStatus, EndCause } from '@parley/contracts';
import { eventually, testBus, testDatabase, testKeys } from '@parley/testing';
import { testApplicationServer } from './test-support/application-server.ts';
import { endedCall, typesOf, valuesOf } from './test-support/call-events.ts';
import { testRouters, type StartedRouter } from './test-support/started-router.ts';
import { createTenant, placeCall } from './test-support/tenant.ts';
import type { TestDevice } from './test-support/test-device.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
const app = testApplicationServer();
/** Takes connections, and breaks each. */
const breaking = createServer((socket) => socket.destroy());
let breakingHost = '';
let router: StartedRouter;
let alice: TestDevice;

beforeAll(async () => {
  await new Promise<void>((resolve) => breaking.listen(0, '127.0.0.1', resolve));
  breakingHost = `127.0.0.1:${(breaking.address() as AddressInfo).port}`;
  router = await routers.start({ EGRESS_ALLOW: `${app.host},${breakingHost},127.0.0.1:1,does-not-exist.invalid:80` });
  app.on('/slow', () => undefined);
  app.on('/500', (_request, response) => void response.status(500).type('text/xml').send('<Response><Hangup/></Response>'));
  app.on('/loop', (_request, response) => response.redirect(302, '/loop'));
  app.on('/hop1', (_request, response) => response.redirect(307, '/hop2'));
  app.on('/hop2', (_request, response) => response.redirect(302, '/good?after=redirect'));
  app.on('/inside', (_request, response) => response.redirect(302, 'http://169.254.169.254/latest/meta-data'));
  app.on('/huge', (_request, response) => void response.type('text/xml').send(`<Response>${'<Pause/>'.repeat(10_000)}</Response>`));
  app.on('/json', (_request, response) => void response.json({ say: 'hello' }));
  app.on('/broken', (_request, response) => void response.type('text/xml').send('<Response><Say>'));
  app.on('/entities', (_request, response) => void response.type('text/xml').send('<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>'));
  app.on('/unknown', (_request, response) => void response.type('text/xml').send('<Response><Say>Hello.</Say><Gather numDigits="1"/></Response>'));
  app.on('/for-ever', (_request, response) => void response.type('text/xml').send('<Response><Redirect>/for-ever</Redirect></Response>'));
  app.on('/good', (_request, response) => void response.type('text/xml').send('<Response><Hangup/></Response>'));
});

afterAll(() => new Promise((resolve) => breaking.close(resolve)));

beforeEach(async () => {
  app.requests.length = 0;
  alice = await router.device('client:alice');
});

const failures = [
  ['answers 500', '/500', 'instructions.http_status', 11200, 500],
  ['answers 404', '/nowhere', 'instructions.http_status', 11200, 404],
  ['redirects for ever', '/loop', 'instructions.redirects', 11215, 0],
  ['redirects to where nobody may go', '/inside', 'instructions.invalid_url', 11100, 0],
  ['refuses connections', 'http://127.0.0.1:1/', 'instructions.refused', 11205, 0],
  ['breaks connections', () => `http://${breakingHost}/`, 'instructions.refused', 11205, 0],
  ['has a name that does not exist', 'http://does-not-exist.invalid/', 'instructions.refused', 11210, 0],
  ['sends more than is read', '/huge', 'instructions.too_large', 11200, 0],
  ['sends something other than XML', '/json', 'instructions.content_type', 12300, 200],
  ['sends XML that is not well-formed', '/broken', 'instructions.invalid_twiml', 12100, 0],
  ['sends a document type of its own', '/entities', 'instructions.invalid_twiml', 12100, 0],
  ['sends an unknown verb', '/unknown', 'instructions.unknown_verb', 12200, 0],
] as const;

describe('an application server that', () => {
  test.each(failures)('%s: an event says so, and the fallback URL goes on', async (_what, path, code, twilioCode, httpStatus) => {
    await createTenant(router, app, { voice: typeof path === 'string' ? path : path(), fallback: '/good' });
    const callId = await placeCall(alice);
    const events = await endedCall(nats.bus, callId);
    expect(typesOf(events).slice(2, 4)).toEqual(['call.instructions_failed', 'call.instructions_fetched']);
    expect(valuesOf(events, 'instructionsFailed')).toEqual([expect.objectContaining({ code, twilioCode, httpStatus, fallback: true })]);
    expect(valuesOf(events, 'completed')).toEqual([expect.objectContaining({ status: CallStatus.COMPLETED, cause: EndCause.INSTRUCTIONS_ENDED })]);
    const asked = app.requests.at(-1)!;
    expect(asked.parameters).toMatchObject({ ErrorCode: String(twilioCode), ErrorUrl: expect.stringContaining('http') });
    expect(app.refused).toBe(0);
  });

  test('is too slow: the request is given up after 15 s', async () => {
    await createTenant(router, app, { voice: '/slow' });
    const events = await endedCall(nats.bus, await placeCall(alice));
    expect(valuesOf(events, 'instructionsFailed')).toEqual([expect.objectContaining({ code: 'instructions.timeout', twilioCode: 11205, fallback: false })]);
    expect(valuesOf(events, 'completed')).toEqual([expect.objectContaining({ status: CallStatus.FAILED, cause: EndCause.INSTRUCTIONS_FAILED })]);
  });

  test('fails twice: the call ends', async () => {
    await createTenant(router, app, { voice: '/500', fallback: '/broken' });
    const events = await endedCall(nats.bus, await placeCall(alice));
    expect(valuesOf(events, 'instructionsFailed').map(({ code, fallback }) => [code, fallback])).toEqual([
      ['instructions.http_status', true],
      ['instructions.invalid_twiml', false],
    ]);
    expect(valuesOf(events, 'completed')[0]).toMatchObject({ cause: EndCause.INSTRUCTIONS_FAILED });
  });

  test('redirects a few times: each hop is signed for its own URL', async () => {
    await createTenant(router, app, { voice: '/hop1' });
    await endedCall(nats.bus, await placeCall(alice));
    expect(app.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /hop1', 'POST /hop2', 'GET /good']);
    expect(app.refused).toBe(0);
  });

  test('sends the call from document to document for ever: that ends', async () => {
    await createTenant(router, app, { voice: '/for-ever' });
    const events = await endedCall(nats.bus, await placeCall(alice));
    expect(valuesOf(events, 'instructionsFailed')).toEqual([expect.objectContaining({ code: 'instructions.too_many', twilioCode: 11215 })]);
  });
});

test('a URL in an event has no query: that may hold secrets', async () => {
  await createTenant(router, app, { voice: '/500?token=secret' });
  const events = await endedCall(nats.bus, await placeCall(alice));
  expect(valuesOf(events, 'instructionsFailed')[0]?.url).toBe(`${app.url}/500`);
});

test('a status callback that fails is sent again, and delays nothing', async () => {
  let tries = 0;
  app.on('/status', (_request, response) => void response.sendStatus((tries += 1) === 1 ? 503 : 204));
  await createTenant(router, app, { voice: '/good', status: '/status' });
  await endedCall(nats.bus, await placeCall(alice));
  await eventually(() => {
    const numbers = app.requests.filter(({ path }) => path === '/status').map(({ parameters }) => parameters['SequenceNumber']);
    expect(numbers).toEqual(['0', '0', '1', '2', '3']);
  });
});
