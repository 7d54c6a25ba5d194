import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { recordGap } from '../storage/feedGaps.js';
import { notify } from '../storage/notifications.js';
import { inTransaction } from '../storage/pool.js';
import { storeIsAway } from '../storage/storeAway.js';
import { appendEntries, type LogEntry, lastEntry } from '../storage/updateBatches.js';

export interface StreamLogOptions {
  pool: Pool;
  stream: string;
  logger: Logger;
  /** Called before each write: takes the stage's lock again when its connection broke. */
  holdLock?: () => Promise<void>;
  /** Aborted when nothing shall be waited for: what the store does not take is then given up. */
  signal?: AbortSignal;
}

const LONGEST_OUTAGE_MILLISECONDS = 300_000;

/** The end of a stream's ordered log, to which one collector writes. */
export class StreamLog {
  #writing: Promise<void> = Promise.resolve();
  #position = 0;
  #end: number | null = null;

  constructor(private readonly options: StreamLogOptions) {}

  /** Continues where an earlier collector left it. @returns its end, ms since 1970; null while it is empty */
  async open(): Promise<number | null> {
    const last = await lastEntry(this.options.pool, this.options.stream);
    if (last === null) return null;
    this.#position = last.position;
    this.#end = last.untilMs;
    return this.#end;
  }

  /** Resolves when all that was appended so far is stored; rejects when a write failed, as all later ones do. */
  get written(): Promise<void> {
    return this.#writing;
  }

  /** The end of the log with what is being written, ms since 1970; null while it is empty. */
  get untilMs(): number | null {
    return this.#end;
  }

  /** Writes one after the other, so that positions are committed in order. */
  append(entries: Omit<LogEntry, 'position'>[], gapReason?: string): Promise<void> {
    const { pool, stream } = this.options;
    this.#end = entries.at(-1)!.untilMs;
    this.#writing = this.#writing.then(async () => {
      const placed = entries.map((entry, index) => ({ ...entry, position: this.#position + 1 + index }));
      await this.#whenStoreIsThere(placed, () =>
        inTransaction(pool, async (client) => {
          await appendEntries(client, stream, placed);
          for (const entry of placed) {
            if (entry.kind === 'gap') await recordGap(client, { stream, ...entry, reason: gapReason ?? 'unknown' });
          }
          await notify(client, 'update_batches', stream);
        }),
      );
      this.#position += placed.length;
    });
    return this.#writing;
  }

  /**
   * Keeps messages over a restart of the store, while the feed's connection is held back. An outage in the middle of a
   * commit leaves open whether the entries stand: then the log's end shows it.
   */
  async #whenStoreIsThere(placed: readonly LogEntry[], write: () => Promise<void>): Promise<void> {
    const { pool, stream, logger, holdLock, signal } = this.options;
    const until = performance.now() + LONGEST_OUTAGE_MILLISECONDS;
    for (let tries = 0; ; tries += 1) {
      try {
        await holdLock?.();
        if (tries > 0 && stands(placed, await lastEntry(pool, stream))) return;
        return await write();
      } catch (error) {
        if (!storeIsAway(error) || performance.now() > until || signal?.aborted) throw error;
        if (tries === 0) logger.warn({ error: (error as Error).message }, 'the store is away: holding the feed back');
        await sleep(Math.min(50 * 2 ** tries, 1_000), undefined, { signal }).catch(() => {
          throw error; // aborted: the store's words say more than the wait's
        });
      }
    }
  }
}

function stands(placed: readonly LogEntry[], last: Omit<LogEntry, 'payload'> | null): boolean {
  const end = placed.at(-1)!;
  return last?.position === end.position && last.kind === end.kind && last.untilMs === end.untilMs;
}
