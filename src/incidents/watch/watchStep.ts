import type { Pool, PoolClient } from 'pg';
import type { Minute } from '../../features/row.js';
import { readCursor, WATCH_STAGE, writeCursor } from '../../storage/cursors.js';
import { knownRoutes } from '../../storage/knownRoutes.js';
import { inTransaction } from '../../storage/pool.js';
import { entriesAfter } from '../../storage/updateBatches.js';
import { writeWatchState } from '../../storage/watchStates.js';
import type { ValidityOf } from '../evidence.js';
import type { IncidentChange } from '../incident.js';
import type { IncidentSettings } from '../settings.js';
import { storeFindings } from '../storeFindings.js';
import type { Declaration } from './declaration.js';
import { Watcher } from './watcher.js';

const ENTRIES_A_STEP = 64;
/** The stage whose stand knows a table dump. */
const SEED_MILLISECONDS = 2_000;
const SNAPSHOT_MILLISECONDS = 2_000;
/** Of the time at most: with many prefixes and peers a stand has megabytes. */
const SNAPSHOT_SHARE = 0.05;

export interface WatchStepOptions {
  pool: Pool;
  stream: string;
  declaration: Declaration;
  /** A feed on the wall clock: judged as soon as the log is read, not with the next second of the feed. */
  live: boolean;
  validityOf: ValidityOf;
  settings: IncidentSettings;
  now: () => Date;
  /** Minutes before this one are history: no notice is sent. */
  historyBefore: () => Minute;
}

interface StoredStand {
  /** Settings under which it was made. */
  declaration: string;
  watcher: string;
  /** Absent in stands that know the table. */
  seeding?: boolean;
}

/**
 * Compares the log of a stream with the operator's declaration as it is written, without waiting for minutes to close.
 * Incidents, their alerts and the stage's position are one transaction: a kill repeats nothing and loses nothing.
 */
export class WatchStep {
  #watcher: Watcher | null = null;
  #position = 0;
  #storedAt = Number.NEGATIVE_INFINITY;
  #snapshotTook = 0;
  #stale = false;
  /** The routes that stood before the log are still to be read. */
  #seeding = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Nothing is declared, nor was. */
  #idle = false;
  readonly #declared: string;

  constructor(private readonly options: WatchStepOptions) {
    this.#declared = JSON.stringify(options.declaration.settings);
  }

  /** What in memory is ahead of the database is thrown away. */
  forget(): void {
    this.#watcher = null;
  }

  /** VRPs changed: every route is judged again. */
  judgeAll(): void {
    this.#watcher?.judgeAll();
  }

  /** @returns what changed, and whether there may be more to read at once */
  async step(): Promise<{ more: boolean; changes: IncidentChange[] }> {
    if (this.#idle) return { more: false, changes: [] };
    this.#watcher ??= await this.#restore();
    const watcher = this.#watcher;
    if (watcher === null) {
      this.#idle = true;
      return { more: false, changes: [] };
    }
    const { pool, stream, live, settings, now, historyBefore } = this.options;
    const entries = await entriesAfter(pool, stream, this.#position, ENTRIES_A_STEP);
    try {
      if (this.#seeding) await this.#seed(watcher);
      for (const entry of entries) {
        watcher.take(entry);
        this.#position = entry.position;
      }
      if (live && entries.length < ENTRIES_A_STEP) watcher.judgeNow();
      if (entries.length > 0) this.#stale = true;
      const { changes, incidents } = watcher.drain();
      const until = Math.floor((watcher.untilMs ?? 0) / 60_000);
      if (incidents.length > 0 || (this.#stale && this.#mayStore())) {
        await inTransaction(pool, async (client) => {
          await storeFindings(client, stream, { incidents, changes, until }, { settings, now, historyBefore });
          await this.#store(client, watcher);
        });
      }
      return { more: entries.length === ENTRIES_A_STEP, changes };
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /**
   * A new stream begins with a table dump, which the aggregator alone has read: routes that stood before the log began
   * are taken from its first stored stand.
   */
  async #seed(watcher: Watcher): Promise<void> {
    const { pool, stream, now } = this.options;
    const at = now().getTime();
    if (at - this.#lookedAt < SEED_MILLISECONDS) return;
    this.#lookedAt = at;
    const routes = await knownRoutes(pool, stream, watcher.concerns);
    if (routes === null) return;
    watcher.seed(routes, watcher.untilMs ?? at);
    this.#seeding = false;
  }

  #mayStore(): boolean {
    const since = this.options.now().getTime() - this.#storedAt;
    return since < 0 || since >= Math.max(SNAPSHOT_MILLISECONDS, this.#snapshotTook / SNAPSHOT_SHARE);
  }

  async #store(client: PoolClient, watcher: Watcher): Promise<void> {
    const began = performance.now();
    const { stream, now } = this.options;
    const stand: StoredStand = { declaration: this.#declared, watcher: watcher.write(), seeding: this.#seeding };
    await writeCursor(client, WATCH_STAGE, stream, this.#position, Buffer.from(JSON.stringify(stand)));
    await writeWatchState(client, {
      stream,
      since: dateOf(watcher.sinceMs),
      seenUntil: dateOf(watcher.untilMs),
      prefixes: watcher.summary(),
    });
    this.#stale = false;
    this.#storedAt = now().getTime();
    this.#snapshotTook = performance.now() - began;
  }

  /** @returns null where nothing is declared, nor was */
  async #restore(): Promise<Watcher | null> {
    const { pool, stream, declaration, validityOf } = this.options;
    const cursor = await readCursor(pool, WATCH_STAGE, stream);
    if (cursor === null && declaration.empty) return null;
    this.#position = cursor?.position ?? 0;
    const watcher = new Watcher({ stream, declaration, validityOf });
    this.#seeding = cursor?.state == null && this.options.live;
    if (cursor?.state == null) return watcher;
    const stand = JSON.parse(Buffer.from(cursor.state).toString('utf8')) as StoredStand;
    this.#seeding = this.options.live && (stand.seeding === true || stand.declaration !== this.#declared);
    if (stand.declaration === this.#declared) {
      if (watcher.read(stand.watcher)) return watcher;
      throw new Error(`the stand of the watch of ${stream} is of another version: start the version that wrote it`);
    }
    // what is shown of the old declaration is not for the next message to correct, which may be long in coming
    this.#stale = true;
    // Prefixes that are declared only now were not followed: what the log still holds says how they stand.
    let position = 0;
    for (;;) {
      const entries = await entriesAfter(pool, stream, position, ENTRIES_A_STEP);
      const old = entries.filter((entry) => entry.position <= this.#position);
      for (const entry of old) watcher.learn(entry);
      if (old.length < ENTRIES_A_STEP) break;
      position = old.at(-1)!.position;
    }
    watcher.readOpen(stand.watcher);
    return watcher;
  }
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
