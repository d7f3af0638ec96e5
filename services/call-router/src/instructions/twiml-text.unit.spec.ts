import { describe, expect, test } from '@jest/globals';
import { isParleyError } from '@parley/errors';
import fc from 'fast-check';
import { readTwiml } from './twiml-text.ts';

const base = 'https://app.example/ivr/voice?key=1';
const read = (body: string) => readTwiml(`<?xml version="1.0" encoding="UTF-8"?><Response>${body}</Response>`, base);

/** The code that reading fails with. */
function fault(document: string | Uint8Array): string {
  try {
    readTwiml(document, base);
  } catch (error) {
    if (isParleyError(error)) return error.code;
    throw error;
  }
  return 'none';
}
const faultOf = (body: string) => fault(`<Response>${body}</Response>`);

describe('verbs', () => {
  test('Say: its text, entities and CDATA decoded, spaces joined', () => {
    expect(read('<Say voice="alice" language="en-GB" loop="3">Fish &amp; chips,\n  &#163;5 &#x2014; <![CDATA[<now> & here]]></Say>')).toEqual([
      { verb: 'Say', text: 'Fish & chips, £5 — <now> & here', loop: 3 },
    ]);
  });

  test('Say without a text ends at once, whatever its loop', () => {
    expect(read('<Say loop="0"> </Say>')).toEqual([{ verb: 'Say', text: '', loop: 1 }]);
  });

  test('Pause, Reject, Hangup', () => {
    expect(read('<Pause/><Pause length="3"/><Reject/><Reject reason="busy"/><Hangup/>')).toEqual([
      { verb: 'Pause', lengthMs: 1000 },
      { verb: 'Pause', lengthMs: 3000 },
      { verb: 'Reject', reason: 'rejected' },
      { verb: 'Reject', reason: 'busy' },
      { verb: 'Hangup' },
    ]);
  });

  test('Dial: a client, a number, or a number as text', () => {
    const defaults = { timeoutMs: 30_000, timeLimitMs: 14_400_000 };
    expect(read('<Dial><Client>bob</Client></Dial><Dial>\n <Number> +1 (555) 010-0199 </Number>\n</Dial><Dial>+15550199</Dial>')).toEqual([
      { verb: 'Dial', target: 'client:bob', ...defaults },
      { verb: 'Dial', target: '+15550100199', ...defaults },
      { verb: 'Dial', target: '+15550199', ...defaults },
    ]);
  });

  test('Dial: its attributes, links resolved against the document', () => {
    expect(read('<Dial timeout="5" timeLimit="60" callerId="+15550100" action="/done#rc=2" method="get"><Client>bob</Client></Dial>')).toEqual([
      {
        verb: 'Dial',
        target: 'client:bob',
        callerId: '+15550100',
        timeoutMs: 5000,
        timeLimitMs: 60_000,
        action: { url: 'https://app.example/done', method: 'GET' },
      },
    ]);
  });

  test('Redirect: relative, absolute, or to the document itself', () => {
    expect(read('<Redirect>next?a=1&amp;b=2</Redirect><Redirect method="GET">http://other.example/</Redirect><Redirect/>')).toEqual([
      { verb: 'Redirect', to: { url: 'https://app.example/ivr/next?a=1&b=2', method: 'POST' } },
      { verb: 'Redirect', to: { url: 'http://other.example/', method: 'GET' } },
      { verb: 'Redirect', to: { url: base, method: 'POST' } },
    ]);
  });

  test('an empty document has none', () => {
    expect(readTwiml('<Response/>', base)).toEqual([]);
    expect(read('<!-- nothing to do -->')).toEqual([]);
  });
});

describe('what is not supported is an error, never silence', () => {
  test.each([
    ['an unknown verb', '<Gather/>', 'instructions.unknown_verb'],
    ['a verb in lower case', '<say>hello</say>', 'instructions.unknown_verb'],
    ['a verb called like a property of every object', '<toString/>', 'instructions.unknown_verb'],
    ['an element inside Say', '<Say>one <break/> two</Say>', 'instructions.unknown_verb'],
    ['an unknown noun of Dial', '<Dial><Conference>x</Conference></Dial>', 'instructions.unknown_verb'],
    ['an unknown attribute', '<Dial record="true"><Client>bob</Client></Dial>', 'instructions.invalid_attribute'],
    ['an unknown attribute of a noun', '<Dial><Client url="/x">bob</Client></Dial>', 'instructions.invalid_attribute'],
    ['two nouns', '<Dial><Client>a</Client><Client>b</Client></Dial>', 'instructions.invalid_attribute'],
    ['nobody to dial', '<Dial/>', 'instructions.invalid_attribute'],
    ['a number that is none', '<Dial>0123</Dial>', 'instructions.invalid_attribute'],
    ['a length that is no number', '<Pause length="long"/>', 'instructions.invalid_attribute'],
    ['a negative timeout', '<Dial timeout="-1">+15550199</Dial>', 'instructions.invalid_attribute'],
    ['a reason that is none', '<Reject reason="mood"/>', 'instructions.invalid_attribute'],
    ['a method that is none', '<Redirect method="PUT">/x</Redirect>', 'instructions.invalid_attribute'],
    ['a link that is not http', '<Redirect>file:///etc/passwd</Redirect>', 'instructions.invalid_attribute'],
    ['too long a text', `<Say>${'a'.repeat(4097)}</Say>`, 'instructions.invalid_attribute'],
    ['too many verbs', '<Hangup/>'.repeat(501), 'instructions.too_many'],
    ['text between verbs', '<Pause/>hello', 'instructions.invalid_attribute'],
  ])('%s', (_what, body, code) => {
    expect(faultOf(body)).toBe(code);
  });
});

describe('a document that is not well-formed TwiML', () => {
  test.each([
    ['nothing', ''],
    ['text', 'hello'],
    ['JSON', '{"say":"hello"}'],
    ['an unclosed element', '<Response><Say>x</Response>'],
    ['crossed elements', '<Response><Say><Pause></Say></Pause></Response>'],
    ['two roots', '<Response/><Response/>'],
    ['another root', '<html></html>'],
    ['text after the root', '<Response/>more'],
    ['a bare ampersand', '<Response><Say>a & b</Say></Response>'],
    ['an undefined entity', '<Response><Say>&nope;</Say></Response>'],
    ['a character that XML does not have', '<Response><Say>&#0;</Say></Response>'],
    ['an attribute twice', '<Response><Pause length="1" length="2"/></Response>'],
    ['entities of its own', '<!DOCTYPE r [<!ENTITY a "aaaa">]><Response><Say>&a;</Say></Response>'],
    ['an external entity', '<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response/>'],
    ['a reserved name', '<Response><__proto__>x</__proto__></Response>'],
    ['deep nesting', `<Response>${'<a>'.repeat(9000)}${'</a>'.repeat(9000)}</Response>`],
  ])('%s', (_what, document) => {
    expect(fault(document)).toBe('instructions.invalid_twiml');
  });

  test('bytes that are not UTF-8', () => {
    expect(fault(Buffer.from('<Response><Say>\xff\xfe</Say></Response>', 'latin1'))).toBe('instructions.invalid_twiml');
  });

  test('more than is read', () => {
    expect(fault(`<Response>${' '.repeat(64 * 1024)}</Response>`)).toBe('instructions.too_large');
  });
});

test('whatever the text, reading it gives verbs or a code', () => {
  const piece = fc.constantFrom('<', '>', '/', 'Response', 'Say', 'Dial', 'Client', '&', ';', '"', '=', ' ', '<!--', '-->', '<![CDATA[', ']]>', '<?', '?>', 'x', '#', '</');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))), (text) => {
      expect(['none', 'instructions.invalid_twiml', 'instructions.unknown_verb', 'instructions.invalid_attribute']).toContain(fault(text));
      expect(['none', 'instructions.invalid_twiml', 'instructions.unknown_verb', 'instructions.invalid_attribute']).toContain(faultOf(text));
    }),
    { numRuns: 5000 },
  );
});

test('any text that is escaped arrives as it was, but for its spaces', () => {
  const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const printable = fc.string({ unit: 'grapheme', maxLength: 50 });
  fc.assert(
    fc.property(printable, (text) => {
      expect(read(`<Say>${escape(text)}</Say>`)).toEqual([{ verb: 'Say', text: text.replaceAll(/\s+/gu, ' ').trim(), loop: 1 }]);
    }),
  );
});
