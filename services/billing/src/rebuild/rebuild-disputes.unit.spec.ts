import { describe, expect, test } from '@jest/globals';
import type { Dispute, DisputeStep } from '../domain/correction.ts';
import { afterStep } from './rebuild-disputes.ts';

const step = (atMs: bigint): DisputeStep => ({ atMs, actor: 'ops', note: 'why' });
const opened = (disputeId: string): Dispute => ({ disputeId, opened: step(1n) });
const rejected = (disputeId: string): Dispute => ({ ...opened(disputeId), resolved: { ...step(2n), outcome: 'rejected', amountMicros: 0n } });
const after = (...told: readonly Dispute[]) => told.reduce<readonly Dispute[]>(afterStep, []);

describe('the disputes of a call', () => {
  test('are as their last steps have them, in the order in which they were opened', () => {
    expect(after(opened('a'), rejected('a'), opened('b'))).toEqual([rejected('a'), opened('b')]);
  });

  test('stay as they are when steps are told again, or late', () => {
    expect(after(opened('a'), opened('a'), rejected('a'), rejected('a'), opened('a'))).toEqual([rejected('a')]);
  });
});
