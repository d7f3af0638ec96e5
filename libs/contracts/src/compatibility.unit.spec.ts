import { expect, test } from '@jest/globals';
import { BillingEvent, CallEvent, CallStatus, Channel, EndCause, IntervalKind, Party, ReactionEvent } from './index.ts';

// Payloads as a released producer wrote them. They must decode for as long as a stream may hold them: add new ones, never
// change one.

test('a call event of the first release', () => {
  const event = CallEvent.decode(Buffer.from('0a03434131ba01090805100918dc0b2001', 'hex'));
  expect(event).toEqual({
    legId: 'CA1',
    event: {
      $case: 'completed',
      value: { status: CallStatus.COMPLETED, cause: EndCause.ROUTER_LOST, durationMs: 1500n, final: true },
    },
  });
});

test('a reaction event of the first release', () => {
  const event = ReactionEvent.decode(
    Buffer.from('0801120343413118d00f221010d00f1801200129000000000000e03f720408041001', 'hex'),
  );
  expect(event).toEqual({
    party: Party.CALLER,
    legId: 'CA1',
    observedThroughMs: 2000n,
    intervals: [{ fromMs: 0n, toMs: 2000n, kind: IntervalKind.EVIDENCE, channel: Channel.FACE, confidence: 0.5 }],
    event: { $case: 'progress', value: { analysed: 4n, skipped: 1n, refused: 0n } },
  });
});

test('a billing event of the first release', () => {
  const event = BillingEvent.decode(
    Buffer.from('6a1e0a02653118e80720e8072a080a0345555210904e32080a0345555210904e', 'hex'),
  );
  const amount = { currency: 'EUR', micros: 10_000n };
  expect(event).toEqual({
    event: {
      $case: 'charged',
      value: { entryId: 'e1', fromMs: 0n, toMs: 1000n, chargedMs: 1000n, amount, cumulative: amount },
    },
  });
});

test('an event that a newer producer adds is skipped, not refused', () => {
  const unknownCase = Buffer.from('0a0343413192060208011234', 'hex').subarray(0, 10);
  expect(CallEvent.decode(unknownCase)).toEqual({ legId: 'CA1', event: undefined });
});
