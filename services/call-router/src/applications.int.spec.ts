import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Application } from '@parley/contracts';
import { testBus, testDatabase, testKeys } from '@parley/testing';
import { testRouters, type RouterClients, type StartedRouter } from './test-support/started-router.ts';
import { codeOf, freshId } from './test-support/tenant.ts';

const nats = testBus();
const database = testDatabase();
const keys = testKeys();
const routers = testRouters({ nats, database, keys });
let router: StartedRouter;
let api: RouterClients['applications'];

beforeAll(async () => {
  router = await routers.start();
  api = (await router.clients()).applications;
});

const settings = (changes: Partial<Application> = {}): Application => ({
  applicationId: '',
  displayName: 'IVR',
  voiceUrl: 'https://app.example/voice',
  fallbackUrl: '',
  statusCallbackUrl: '',
  policyId: '',
  addresses: [],
  ...changes,
});

describe('applications', () => {
  test('are created with a signing key, once for each request', async () => {
    const requestId = freshId();
    const first = await api.createApplication({ requestId, application: settings() });
    expect(first.application?.applicationId).toMatch(/^AP[0-9a-f]{32}$/);
    expect(first.signingKey).toMatch(/^[0-9a-f]{32}$/);
    expect(await api.createApplication({ requestId, application: settings() })).toEqual(first);
    expect(await codeOf(api.createApplication({ requestId, application: settings({ displayName: 'other' }) }))).toBe('request.idempotency_conflict');
    const second = await api.createApplication({ requestId: freshId(), application: settings() });
    expect(second.signingKey).not.toBe(first.signingKey);
  });

  test('are changed, and found as they are', async () => {
    const { application } = await api.createApplication({ requestId: freshId(), application: settings() });
    const { applicationId } = application!;
    const changed = settings({ applicationId, displayName: 'new', policyId: 'PO1', fallbackUrl: 'https://app.example/fallback' });
    expect(await api.updateApplication({ application: changed })).toEqual({ application: changed });
    expect(await api.getApplication({ applicationId })).toEqual({ application: changed });
    expect(await codeOf(api.updateApplication({ application: settings({ applicationId: 'AP0' }) }))).toBe('not_found.application');
    expect(await codeOf(api.getApplication({ applicationId: 'AP0' }))).toBe('not_found.application');
  });

  test('have addresses, each in one application at a time', async () => {
    const [one, two] = await Promise.all([0, 1].map(() => api.createApplication({ requestId: freshId(), application: settings() })));
    const ids = [one!.application!.applicationId, two!.application!.applicationId];
    await api.assignAddress({ applicationId: ids[0]!, address: '+15550142' });
    const { application } = await api.assignAddress({ applicationId: ids[0]!, address: 'client:alice' });
    expect(application?.addresses).toEqual(['+15550142', 'client:alice']);
    await api.assignAddress({ applicationId: ids[1]!, address: '+15550142' });
    expect((await api.getApplication({ applicationId: ids[0]! })).application?.addresses).toEqual(['client:alice']);
    expect(await codeOf(api.assignAddress({ applicationId: 'AP0', address: '+15550143' }))).toBe('not_found.application');
    expect(await codeOf(api.assignAddress({ applicationId: ids[0]!, address: 'alice' }))).toBe('device.invalid_address');
  });

  test('are listed page by page, each once', async () => {
    const accountId = 'list-account';
    const { applications } = await router.clients(await keys.token({ accountId }));
    const created = await Promise.all(Array.from({ length: 5 }, () => applications.createApplication({ requestId: freshId(), application: settings() })));
    const listed: string[] = [];
    for (let pageToken = '', pages = 0; pages < 3; pages += 1) {
      const page = await applications.listApplications({ pageSize: 2, pageToken });
      listed.push(...page.applications.map(({ applicationId }) => applicationId));
      pageToken = page.nextPageToken;
      expect(pageToken === '').toBe(pages === 2);
    }
    expect(listed).toEqual(created.map(({ application }) => application!.applicationId).sort());
    expect(await codeOf(applications.listApplications({ pageSize: 201, pageToken: '' }))).toBe('request.invalid_argument');
    expect(await codeOf(applications.listApplications({ pageSize: 0, pageToken: 'zzz' }))).toBe('request.invalid_argument');
  });

  test.each([
    ['without a voice URL', { voiceUrl: '' }, 'request.invalid_argument'],
    ['with a URL that is none', { voiceUrl: 'voice' }, 'egress.invalid_url'],
    ['with a URL of another scheme', { fallbackUrl: 'file:///etc/passwd' }, 'egress.invalid_url'],
    ['with a URL inside the network', { statusCallbackUrl: 'http://169.254.169.254/latest' }, 'egress.forbidden_address'],
    ['with loopback by another name', { voiceUrl: 'http://0x7f000001/' }, 'egress.forbidden_address'],
    ['with too long a name', { displayName: 'x'.repeat(129) }, 'request.invalid_argument'],
  ])('%s are refused', async (_what, changes, code) => {
    expect(await codeOf(api.createApplication({ requestId: freshId(), application: settings(changes) }))).toBe(code);
  });

  test('of another account do not exist', async () => {
    const { application } = await api.createApplication({ requestId: freshId(), application: settings() });
    const { applicationId } = application!;
    const { applications } = await router.clients(await keys.token({ accountId: 'rival' }));
    expect(await codeOf(applications.getApplication({ applicationId }))).toBe('not_found.application');
    expect(await codeOf(applications.updateApplication({ application: settings({ applicationId }) }))).toBe('not_found.application');
    expect(await codeOf(applications.assignAddress({ applicationId, address: '+15550188' }))).toBe('not_found.application');
    expect((await applications.listApplications({ pageSize: 0, pageToken: '' })).applications).toEqual([]);
  });
});
