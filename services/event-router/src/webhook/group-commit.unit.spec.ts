import { describe, expect, test } from '@jest/globals';
import { GroupCommit } from './group-commit.ts';

/** Commits that end when they are told to. */
function startCommits({ largestGroup = 3, failures = 0 } = {}) {
  const groups: string[][] = [];
  const errors: unknown[] = [];
  const ends: (() => void)[] = [];
  const commits = new GroupCommit<string>({
    commit: async (items) => {
      groups.push([...items]);
      if (groups.length <= failures) throw new Error('the database is away');
      await new Promise<void>((resolve) => ends.push(resolve));
    },
    keyOf: (item) => item[0]!,
    largestGroup,
    onError: (error) => errors.push(error),
  });
  const endNext = async () => {
    while (ends.length === 0) await new Promise(setImmediate);
    ends.shift()!();
    await new Promise(setImmediate);
  };
  return { commits, groups, errors, endNext };
}

describe('GroupCommit', () => {
  test('what comes while one is being written goes together with the next, in order', async () => {
    const { commits, groups, endNext } = startCommits();
    const first = commits.add('a');
    await new Promise(setImmediate);
    const others = ['b', 'c', 'd', 'e'].map((item) => commits.add(item));
    await endNext();
    await first;
    await endNext();
    await endNext();
    await Promise.all(others);
    expect(groups).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
  });

  test('two of one key are written one after the other', async () => {
    const { commits, groups, endNext } = startCommits();
    const all = ['a1', 'b1', 'a2', 'c1'].map((item) => commits.add(item));
    await endNext();
    await endNext();
    await Promise.all(all);
    expect(groups).toEqual([['a1', 'b1'], ['a2', 'c1']]);
  });

  test('a write that fails is repeated with the same items, before any other', async () => {
    const { commits, groups, errors, endNext } = startCommits({ failures: 1 });
    const all = ['a', 'b'].map((item) => commits.add(item));
    while (groups.length === 0) await new Promise(setImmediate);
    all.push(commits.add('c'));
    await endNext();
    await Promise.all(all);
    expect(groups).toEqual([['a', 'b'], ['a', 'b', 'c']]);
    expect(errors).toHaveLength(1);
  });

  test('who has given up is not written, and told', async () => {
    const { commits, groups, endNext } = startCommits();
    const kept = commits.add('a');
    const givenUp = commits.add('b', { signal: AbortSignal.abort(new Error('given up')) });
    await expect(givenUp).rejects.toThrow('given up');
    await endNext();
    await kept;
    expect(groups).toEqual([['a']]);
  });

  test('what may linger goes with the next that may not', async () => {
    const { commits, groups, endNext } = startCommits();
    const lingering = commits.add('a', { lingerMs: 600_000 });
    expect(commits.size).toBe(1);
    const urgent = commits.add('b');
    await endNext();
    await Promise.all([lingering, urgent]);
    expect(groups).toEqual([['a', 'b']]);
  });

  test('what lingers and comes during a write lingers too: it does not go with the next turn', async () => {
    const { commits, groups, endNext } = startCommits();
    const urgent = commits.add('a');
    await new Promise(setImmediate);
    const lingering = commits.add('b', { lingerMs: 600_000 });
    await endNext();
    await urgent;
    expect([groups, commits.size]).toEqual([[['a']], 1]);
    const flushed = commits.flush();
    await endNext();
    await Promise.all([lingering, flushed]);
    expect(groups).toEqual([['a'], ['b']]);
  });

  test('as many as a group holds do not linger', async () => {
    const { commits, groups, endNext } = startCommits();
    const added = ['a', 'b', 'c'].map((item) => commits.add(item, { lingerMs: 600_000 }));
    await endNext();
    await Promise.all(added);
    expect(groups).toEqual([['a', 'b', 'c']]);
  });

  test('a flush writes what lingers', async () => {
    const { commits, groups, endNext } = startCommits();
    const lingering = commits.add('a', { lingerMs: 600_000 });
    const flushed = commits.flush();
    await endNext();
    await Promise.all([lingering, flushed]);
    expect(groups).toEqual([['a']]);
  });
});
