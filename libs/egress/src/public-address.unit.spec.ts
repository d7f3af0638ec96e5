import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEgress, isPublicAddress } from './index.ts';

const code = (code: string) => expect.objectContaining({ code });

/** [first address, last address] as numbers: the ranges of IANA's special-purpose registry, written down independently. */
const notPublic: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24],
  ['224.0.0.0', 4], ['240.0.0.0', 4],
]; // prettier-ignore

const toNumber = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
const hex = (value: number): string => `${((value >>> 16) & 0xffff).toString(16)}:${(value & 0xffff).toString(16)}`;

const privateAddress = fc
  .constantFrom(...notPublic)
  .chain(([base, bits]) => fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((offset) => (toNumber(base) + offset) >>> 0));

describe('an address is not public', () => {
  test('in any of the special ranges, in any notation of it', () => {
    fc.assert(
      fc.property(privateAddress, (value) => {
        const forms = [toText(value), `::ffff:${toText(value)}`, `::ffff:${hex(value)}`, `::${hex(value)}`, `64:ff9b::${hex(value)}`, `2002:${hex(value)}::1`, `::ffff:0:${hex(value)}`];
        for (const form of forms) {
          expect([form, isPublicAddress(form)]).toEqual([form, false]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    '::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'fec0::1', 'ff02::1', '2001:db8::1', '2001::1', '2002::1', '100::1',
    '64:ff9b:1::1', '168.63.129.16', '::ffff:168.63.129.16', '192.88.99.1', '5f00::1', '4000::1', '', 'example.com', '1.2.3', '1.2.3.4.5',
  ])('%j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  }); // prettier-ignore
});

describe('an address is public', () => {
  test.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '172.15.255.255', '100.128.0.1', '2606:4700:4700::1111', '64:ff9b::808:808', '::ffff:8.8.8.8'])('%s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('a URL', () => {
  const egress = createEgress({ allow: ['127.0.0.1:5000', 'localhost:80', '[::1]:443'] });

  test.each([
    'http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://0177.0.0.1/', 'http://0x7f.0.0.1/', 'http://127.0.0.1.:81/',
    'http://017700000001/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/', 'http://[0:0:0:0:0:0:0:1]/', 'http://169.254.169.254/latest',
    'https://10.0.0.1', 'http://0/', 'http://LOCALHOST:81/', 'http://a.localhost/', 'http://router.local/', 'http://metadata.google.internal/', 'http://api.default.svc/',
    'http://localhost.:81/', 'http://①②⑦.⓪.⓪.①/', 'https://127.0.0.1:5000.:1/', 'http://127.0.0.1:5001/',
  ])('%j leads nowhere public', (url) => {
    expect(() => egress.checkUrl(url)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^egress\.(forbidden_address|invalid_url)$/) }));
  }); // prettier-ignore

  test.each(['', 'example.com', 'ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'http://', 'http://user:pw@example.com/', 'http://user@example.com/',
    'http://example.com:0/', 'http://example.com:99999/', 'gopher://x', 'http://[::1', `https://example.com/${'x'.repeat(2_100)}`])('%j is none that may be set', (url) => {
    expect(() => egress.checkUrl(url)).toThrow(code('egress.invalid_url'));
  }); // prettier-ignore

  test.each(['https://example.com/voice?x=1#rc=2', 'http://8.8.8.8:8080/', 'http://127.0.0.1:5000/x', 'http://0x7f.1:5000/', 'http://localhost/', 'https://[::1]/', 'https://xn--bcher-kva.example/'])('%j may be set', (url) => {
    expect(() => egress.checkUrl(url)).not.toThrow();
  });

  test('no text makes it throw anything but its own errors', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.webUrl().map((url) => url.replace('//', '//127.0.0.1@'))), (url) => {
        try {
          egress.checkUrl(url);
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^egress\./);
        }
      }),
    );
  });

  test.each(['localhost', 'localhost:x', 'http://localhost:1', 'LOCALHOST:1', ''])('%j is no entry of an allow-list', (entry) => {
    expect(() => createEgress({ allow: [entry] })).toThrow(code('config.invalid'));
  });
});
