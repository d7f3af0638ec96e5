import { describe, expect, test } from '@jest/globals';
import { ParleyError } from '@parley/errors';
import { decimal, defineConfig, defineServiceConfig, exactlyOne, expectReadmeTable, flag, integer, list, oneOf, pattern, port, readmeTable, text, url } from './index.ts';

const definition = defineConfig(
  {
    HTTP_PORT: { type: port(), describe: 'port' },
    RING_TIMEOUT_MS: { type: integer({ min: 1, max: 60_000 }), default: '30000', describe: 'how long to ring' },
    RATIO: { type: decimal({ max: 1 }), default: '0.5', describe: 'a ratio' },
    ALLOW: { type: list(), default: '', describe: 'hosts' },
    DEBUG: { type: flag(), default: 'false', describe: 'more' },
    MODE: { type: oneOf(['fast', 'slow']), default: 'fast', describe: 'how' },
    NAME: { type: pattern(/^[a-z]+$/, 'lower case letters'), optional: true, describe: 'name' },
    PASSWORD: { type: text(), secret: true, describe: 'secret' },
    PEER_URL: { type: url(['http', 'https']), optional: true, describe: 'peer' },
  },
  [exactlyOne('NAME', 'PEER_URL')],
);

const good = { HTTP_PORT: '8080', PASSWORD: 'pw', NAME: 'me' };

function faultsOf(env: Record<string, string>): string {
  try {
    definition.read(env);
  } catch (error) {
    return (error as ParleyError).message;
  }
  return '';
}

describe('reading the environment', () => {
  test('gives typed values, defaults, and nothing that was not declared', () => {
    const config = definition.read({ ...good, RING_TIMEOUT_MS: '5', ALLOW: 'a:1, b:2,', OTHER: 'x' });
    expect(config).toEqual({
      httpPort: 8080,
      ringTimeoutMs: 5,
      ratio: 0.5,
      allow: ['a:1', 'b:2'],
      debug: false,
      mode: 'fast',
      name: 'me',
      password: 'pw',
      peerUrl: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
    const typed: { readonly httpPort: number; readonly mode: 'fast' | 'slow'; readonly name: string | undefined } = config;
    expect(typed.httpPort).toBe(8080);
  });

  test('reports every fault at once', () => {
    const faults = faultsOf({ HTTP_PORT: '70000', RING_TIMEOUT_MS: 'soon', RATIO: '1.5', MODE: 'medium', DEBUG: 'yes', NAME: 'Ü', PEER_URL: 'ftp://x' });
    for (const name of ['HTTP_PORT', 'RING_TIMEOUT_MS', 'RATIO', 'MODE', 'DEBUG', 'NAME', 'PASSWORD', 'PEER_URL', 'exactly one of NAME, PEER_URL']) {
      expect(faults).toContain(name);
    }
    expect(faults).toContain('9 fault(s)');
  });

  test('an empty value is unset', () => {
    expect(definition.read({ ...good, RING_TIMEOUT_MS: '' }).ringTimeoutMs).toBe(30_000);
    expect(faultsOf({ ...good, PASSWORD: '' })).toContain('PASSWORD is not set');
  });

  test('a secret never shows', () => {
    const secret = defineConfig({ KEY: { type: pattern(/^k/, 'a key'), secret: true, describe: 'key' } });
    expect(() => secret.read({ KEY: 'hunter2' })).toThrow(ParleyError);
    try {
      secret.read({ KEY: 'hunter2' });
    } catch (error) {
      expect(JSON.stringify(error) + (error as Error).message).not.toContain('hunter2');
    }
  });

  test('integers are decimal and exact', () => {
    for (const text of ['1e3', '0x10', '1.0', ' 1', '1 ', '--1', 'NaN']) {
      expect(faultsOf({ ...good, RING_TIMEOUT_MS: text })).toContain('RING_TIMEOUT_MS');
    }
  });
});

describe('what every service reads', () => {
  const service = defineServiceConfig({ EXTRA: { type: text(), default: 'x', describe: 'extra' } });

  test('is there, next to its own', () => {
    const config = service.read({
      INSTANCE_NAME: 'billing-1',
      NATS_URL: 'nats://127.0.0.1:4222',
      NATS_CREDS_FILE: '/keys/billing.creds',
      MONGODB_URL: 'mongodb://127.0.0.1:27017',
      MONGODB_DATABASE: 'billing',
      GRPC_PORT: '0',
      HTTP_PORT: '0',
      JWKS_FILE: '/keys',
    });
    expect(config).toMatchObject({ instanceName: 'billing-1', extra: 'x', logLevel: 'info', jwksFile: '/keys', jwksUrl: undefined });
  });

  test('asks for one source of keys', () => {
    expect(() => service.read({})).toThrow(/exactly one of JWKS_FILE, JWKS_URL/);
  });
});

describe('the table of a README', () => {
  test('lists every variable', () => {
    expect(readmeTable(definition).split('\n')).toHaveLength(2 + 9);
    expect(readmeTable(definition)).toContain('| `PASSWORD` | *required* | secret |');
    expect(readmeTable(definition)).toContain('| `RING_TIMEOUT_MS` | `30000` | how long to ring |');
  });

  test('a README without it fails with the table to paste', () => {
    const readme = new URL('../README.md', import.meta.url);
    expect(() => expectReadmeTable(definition, readme)).toThrow(/RING_TIMEOUT_MS/);
  });
});
