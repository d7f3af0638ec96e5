import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '@parley/telemetry';
import type { AttemptRecord } from '../domain/attempt.ts';
import { appendToLog, type LogEnd } from '../domain/attempt-log.ts';
import type { AttemptRepository, LogWrite } from '../store/attempt-repository.ts';
import { GroupCommit } from './group-commit.ts';

const log = logger('webhook');

/** What a success may wait for others to be written with, in ms: so much of the log a crash may cost. */
const lingerMs = 1_000;
/** Successes that wait to be written; while the database is away, those beyond are not recorded. */
const largestBacklog = 20_000;
const largestGroup = 2_000;
const closeMs = 2_000;

interface Entry {
  readonly partition: number;
  readonly attempt: AttemptRecord;
}

/** Records attempts, many with one write. */
export class AttemptLog {
  readonly #repository: AttemptRepository;
  readonly #ends = new Map<string, LogEnd>();
  readonly #commits: GroupCommit<Entry>;

  constructor(repository: AttemptRepository) {
    this.#repository = repository;
    this.#commits = new GroupCommit({
      commit: (entries) => this.#write(entries),
      largestGroup,
      onError: (error) => log.warn({ err: error }, 'attempts could not be recorded; tried again'),
    });
  }

  /** Resolves once a failure is on record; at once for a success, which is written within a second. */
  async record(partition: number, attempt: AttemptRecord, signal: AbortSignal): Promise<void> {
    if (attempt.outcome !== 'delivered') return this.#commits.add({ partition, attempt }, { signal });
    if (this.#commits.size < largestBacklog) void this.#commits.add({ partition, attempt }, { lingerMs });
  }

  /** The partition goes: what is known of its logs is another's to change. */
  forget(partition: number): void {
    for (const key of this.#ends.keys()) if (key.endsWith(`/${partition}`)) this.#ends.delete(key);
  }

  /** Writes what is left, if the database lets it. */
  async close(): Promise<void> {
    await Promise.race([this.#commits.flush(), sleep(closeMs, undefined, { ref: false })]);
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    const logs = Map.groupBy(entries, ({ partition, attempt }) => `${attempt.subscriptionId}/${partition}`);
    const appended = await Promise.all(
      [...logs].map(async ([key, ofLog]) => {
        const [{ partition, attempt }] = ofLog as [Entry, ...Entry[]];
        const { subscriptionId } = attempt;
        const known = this.#ends.get(key) ?? (await this.#repository.end(subscriptionId, partition));
        const { end, writes } = appendToLog(known, ofLog.map((entry) => entry.attempt));
        return { key, end, writes: writes.map((write): LogWrite => ({ ...write, subscriptionId, partition })) };
      }),
    );
    // Forgotten meanwhile, if it fails: how far it came is read again.
    for (const { key } of appended) this.#ends.delete(key);
    await this.#repository.write(appended.flatMap(({ writes }) => writes));
    for (const { key, end } of appended) this.#ends.set(key, end);
  }
}
