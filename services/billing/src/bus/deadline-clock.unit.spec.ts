import { describe, expect, jest, test } from '@jest/globals';
import { eventually } from '@parley/testing';
import { absorbCallInput, authorizedCharge, openCharge } from '../domain/charge-inputs.ts';
import { sampleTerms } from '../test-support/sample-terms.ts';
import type { ChargeRecord } from '../usecases/charge-store.ts';
import { createDeadlineClock, type DeadlineClock } from './deadline-clock.ts';

const timeouts = { recognitionMs: 1_000n, authorizationMs: 5_000n, silenceMs: 60_000n };

function record(callId: string, completedMs?: bigint): ChargeRecord {
  const authorized = authorizedCharge(callId, 'acme', { walletId: 'acme/client:alice', payer: 'caller', policy: { policyId: 'p', version: 1, terms: sampleTerms() } });
  const charge = completedMs === undefined ? authorized : absorbCallInput(openCharge(authorized), { type: 'call_completed', sequence: 1n, atMs: completedMs });
  return { callId, accountId: 'acme', charge, requestedPolicyId: '', attributes: undefined, lastCause: { id: 'x', atMs: 0n, traceparent: '' } };
}

const partitionOf = (callId: string) => (callId === 'gone' ? 4 : 3);

/** The clock's time is the test's; only its rounds take real time. */
function startedClock(readOpen: () => ChargeRecord[] = () => []) {
  const time = { ms: 0 };
  const missed: string[] = [];
  const takenOver: (readonly number[])[] = [];
  const swept: string[][] = [];
  let failures = 0;
  const clock: DeadlineClock = createDeadlineClock({
    timeouts,
    partitionOf,
    now: () => time.ms,
    runLeftEffects: async (partitions) => {
      if (takenOver.push(partitions) === 1) throw new Error('the database is away');
    },
    readOpen: async () => readOpen(),
    sweepMs: 600_000,
    sweep: async (isOwn) => void swept.push(['mine', 'gone'].filter(isOwn)),
    miss: async (callId, { what }) => {
      if (callId === 'failing' && failures++ < 2) throw new Error('the database is away');
      missed.push(`${callId} ${what}`);
    },
  });
  return { clock, time, missed, takenOver, swept };
}

describe('the clock of deadlines', () => {
  test('notices what did not come, each once, also if one of them fails at first', async () => {
    const { clock, time, missed } = startedClock();
    for (const callId of ['failing', 'other']) clock.watch(record(callId, 100n));
    time.ms = 1_099;
    clock.watch(record('later', 1_000n));
    time.ms = 1_100;
    await eventually(() => expect(missed).toEqual(['other recognition', 'failing recognition']));
    time.ms = 2_100;
    await eventually(() => expect(missed.at(-1)).toBe('later recognition'));
    await clock.stop();
    expect(missed).toHaveLength(3);
  });

  test('looks for what is held for calls that are over now and then, of the partitions that are its own', async () => {
    const { clock, time, takenOver, swept } = startedClock();
    clock.own(3);
    await eventually(() => expect(takenOver.length).toBeGreaterThan(1));
    expect(swept).toEqual([]);
    time.ms = 600_000;
    await eventually(() => expect(swept).toEqual([['mine']]));
    time.ms = 1_200_000;
    clock.own(4);
    await eventually(() => expect(swept).toEqual([['mine'], ['mine', 'gone']]));
    await clock.stop();
  });

  test('gives what is already late the time to be read', async () => {
    const { clock, time, missed } = startedClock();
    time.ms = 500_000;
    for (const callId of ['old', 'watched-again']) clock.watch(record(callId, 100n));
    time.ms = 500_999;
    clock.watch(record('watched-again', 100n));
    time.ms = 501_000;
    await eventually(() => expect(missed).toEqual(['old recognition', 'watched-again recognition']));
    await clock.stop();
  });

  test("forgets calls of which nothing is awaited, and partitions that are another replica's", async () => {
    const { clock, time, missed } = startedClock();
    for (const callId of ['gone', 'settled', 'kept']) clock.watch(record(callId, 100n));
    clock.forget(4);
    clock.watch({ ...record('settled'), charge: { status: 'free' } });
    time.ms = 10_000;
    await eventually(() => expect(missed).toEqual(['kept recognition']));
    await clock.stop();
  });

  test('takes over what the last owner left, until it succeeds, and watches its open calls', async () => {
    const { clock, time, missed, takenOver } = startedClock(() => [record('left', 100n), record('gone', 100n)]);
    clock.own(3);
    await eventually(() => expect(takenOver).toEqual([[3], [3]]));
    time.ms = 20_000;
    await eventually(() => expect(missed).toEqual(['left recognition']));
    await clock.stop();
  });

  test('finds what other replicas authorised', async () => {
    const open: ChargeRecord[] = [];
    const { clock, time, missed, takenOver } = startedClock(() => open);
    clock.own(3);
    await eventually(() => expect(takenOver).toHaveLength(2));
    open.push(record('elsewhere'));
    time.ms = 30_000;
    // It is read now, and due the recognition timeout later.
    await eventually(() => {
      time.ms += 100;
      expect(missed).toContain('elsewhere authorization');
    });
    await clock.stop();
  });

  test('asks a database that does not answer less and less often', async () => {
    jest.useFakeTimers();
    let asked = 0;
    const clock = createDeadlineClock({
      timeouts,
      partitionOf,
      sweepMs: 600_000,
      sweep: async () => undefined,
      now: () => 0,
      runLeftEffects: async () => {
        asked += 1;
        throw new Error('the database is slow');
      },
      readOpen: async () => [],
      miss: async () => undefined,
    });
    clock.own(3);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(9);
    await clock.stop();
    jest.useRealTimers();
  });
});
