import { setImmediate as turn } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { MinuteAggregatorOptions } from '../features/aggregatorOptions.js';
import { BadSnapshot } from '../features/byteStream.js';
import { MinuteAggregator } from '../features/minuteAggregator.js';
import { pageHash } from '../features/pageHash.js';
import { type AggregatorPage, deletePages, PAGES_A_STATEMENT, readPages, writePages } from './aggregatorPages.js';
import { AGGREGATOR, readCursor, writeCursor } from './cursors.js';
import { inTransaction } from './pool.js';

/** Bytes of a page; a segment of every column is a whole number of them. */
export const PAGE_BYTES = 1 << 15;
/** Pages looked at before others get their turn: some milliseconds. */
const LOOKED_AT = 256;
/** The state of the cursor begins with the sum of all pages' hashes. */
const SUM_BYTES = 8;
const MODULUS = 2 ** 53;

/** @returns pages of one column, in order; the last may be shorter */
function* pagesOf(views: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const view of views) {
    for (let at = 0; at < view.length; at += PAGE_BYTES) yield view.subarray(at, at + PAGE_BYTES);
  }
}

/** Adds without rounding: the order of pages does not matter, a missing or stale one does. */
function plus(sum: number, hash: number): number {
  const left = MODULUS - hash;
  return sum >= left ? sum - left : sum + hash;
}

/**
 * What an aggregator knows, as pages in the database: each time those alone are written that differ from what is there,
 * with the cursor, in one transaction. So a kill at any point leaves a whole stand or the one before.
 */
export class StoredTables {
  /** Hashes of what the database has, by part and page; null before that is known. */
  #hashes: number[][] | null = null;
  #written: number[][] | null = null;

  constructor(private readonly stream: string) {}

  /**
   * Stores the stand with its position, in the caller's transaction; `stored` is to be called once that has ended well.
   * The aggregator must not go on meanwhile.
   * @returns bytes of the pages that were written
   */
  async write(client: PoolClient, position: number, aggregator: MinuteAggregator): Promise<number> {
    const { stream } = this;
    const known = this.#hashes ?? [];
    const hashes: number[][] = [];
    let changed: AggregatorPage[] = [];
    let sum = 0;
    let looks = 0;
    let written = 0;
    if (this.#hashes === null) await deletePages(client, stream);
    for (const views of aggregator.stored()) {
      const part = hashes.length;
      const own: number[] = [];
      hashes.push(own);
      for (const bytes of pagesOf(views)) {
        const page = own.length;
        const hash = pageHash(bytes);
        own.push(hash);
        sum = plus(sum, hash);
        if (known[part]?.[page] !== hash) {
          changed.push({ part, page, bytes });
          written += bytes.length;
        }
        if (changed.length === PAGES_A_STATEMENT) {
          await writePages(client, stream, changed);
          changed = [];
        }
        if (++looks % LOOKED_AT === 0) await turn();
      }
      // what was behind a shorter end stays where it is, as long as it is known
      own.push(...(known[part]?.slice(own.length) ?? []));
    }
    await writePages(client, stream, changed);
    const head = aggregator.head();
    const state = new Uint8Array(SUM_BYTES + head.length);
    new DataView(state.buffer).setFloat64(0, sum);
    state.set(head, SUM_BYTES);
    await writeCursor(client, AGGREGATOR, stream, position, state);
    this.#written = hashes;
    return written;
  }

  /** The transaction of `write` has ended well. */
  stored(): void {
    this.#hashes = this.#written;
  }

  /**
   * Reads the state back; null if missing.
   * @throws BadSnapshot when it is of another version, or not whole
   */
  async read(
    pool: Pool,
    options: MinuteAggregatorOptions,
  ): Promise<{ position: number; aggregator: MinuteAggregator } | null> {
    this.#hashes = null;
    return inTransaction(pool, async (client) => {
      // cursor and pages of one moment, whoever writes meanwhile
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const cursor = await readCursor(client, AGGREGATOR, this.stream);
      if (cursor?.state == null) return null;
      if (cursor.state.length < SUM_BYTES) throw new BadSnapshot('cut short');
      const sum = new DataView(cursor.state.buffer, cursor.state.byteOffset).getFloat64(0);
      const restoring = MinuteAggregator.restoring(cursor.state.subarray(SUM_BYTES), options);
      await this.#fill(client, restoring.stored, sum);
      for (const _ of restoring.derived) await turn();
      return { position: cursor.position, aggregator: restoring.aggregator };
    });
  }

  async #fill(client: PoolClient, stored: Generator<Iterable<Uint8Array>>, wanted: number): Promise<void> {
    const pages = readPages(client, this.stream);
    const hashes: number[][] = [];
    let next = await pages.next();
    let sum = 0;
    for (const views of stored) {
      const part = hashes.length;
      const own: number[] = [];
      hashes.push(own);
      for (const bytes of pagesOf(views)) {
        const page = own.length;
        while (!next.done && (next.value.part < part || (next.value.part === part && next.value.page < page))) {
          next = await pages.next();
        }
        const found = next.done ? null : next.value;
        if (found?.part !== part || found.page !== page || found.bytes.length !== bytes.length) {
          throw new BadSnapshot(`page ${page} of part ${part} is missing or cut`);
        }
        bytes.set(found.bytes);
        const hash = pageHash(bytes);
        own.push(hash);
        sum = plus(sum, hash);
      }
    }
    await pages.return(undefined);
    if (sum !== wanted) throw new BadSnapshot('a page is not the one that was written last');
    this.#hashes = hashes;
  }
}
