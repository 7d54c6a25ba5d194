import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { CONNECTION_LIMITS } from './pool.js';

const RETRY_MILLISECONDS = 200;
const ANSWER_MILLISECONDS = 10_000;

/** A stage of a stream, held for this process until released. */
export interface StageLock {
  release(): Promise<void>;
}

interface Wanted {
  key: string;
  onLost: (error: Error) => void;
  granted: (lock: StageLock) => void;
  refused: (error: unknown) => void;
}

/**
 * Holds stages of streams for one process, as advisory locks of one session: PostgreSQL frees them the moment the
 * process or its connection dies, so that a replacement takes over at once and two never write side by side. One
 * connection holds them all, for a server has fewer connections than a hundred streams have stages.
 */
export class StageLocks {
  #client: pg.Client | undefined;
  #closed = false;
  #asking: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #wanted: Wanted[] = [];
  readonly #held = new Map<string, (error: Error) => void>();

  constructor(
    private readonly databaseUrl: string,
    private readonly name: string,
  ) {}

  /**
   * Waits until the lock is free.
   * @param onLost called once when the connection that holds the lock breaks: the holder must stop writing
   * @param signal ends the waiting, which then rejects
   */
  async take(stage: string, stream: string, onLost: (error: Error) => void, signal?: AbortSignal): Promise<StageLock> {
    signal?.throwIfAborted();
    return new Promise<StageLock>((resolve, reject) => {
      const stop = () => {
        this.#wanted = this.#wanted.filter((one) => one !== wanted);
        reject(signal!.reason);
      };
      const settled = () => signal?.removeEventListener('abort', stop);
      const wanted: Wanted = {
        key: `${stage} ${stream}`,
        onLost,
        granted: (lock) => {
          settled();
          resolve(lock);
        },
        refused: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#wanted.push(wanted);
      this.#asking ??= this.#ask();
    });
  }

  /** Who holds a stage of a stream, in words; null when nobody does, or none that can be seen. */
  async holder(stage: string, stream: string): Promise<string | null> {
    const client = await this.#connected();
    // a bigint key is in two halves (PostgreSQL, pg_locks)
    const { rows } = await this.#query<{ name: string; since: Date }>(
      client,
      `SELECT application_name AS name, backend_start AS since
         FROM pg_locks JOIN pg_stat_activity USING (pid), hashtextextended($1, 0) AS key
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid <> pg_backend_pid()
          AND (classid::bigint << 32 | objid::bigint) = key
          AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [`${stage} ${stream}`],
    );
    const [first] = rows;
    return first === undefined ? null : `${first.name}, connected since ${first.since.toISOString()}`;
  }

  /** Gives up all locks. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#held.clear();
    for (const { refused } of this.#wanted.splice(0)) refused(new Error('the stage locks are closed'));
    await this.#client?.end();
  }

  /** Asks for what is wanted until nothing is, or until the connection breaks: then all who wait learn of it. */
  async #ask(): Promise<void> {
    // What is asked for in one turn of the event loop is one query.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      while (this.#wanted.length > 0) {
        const client = await this.#connected();
        await this.#grant(client);
        if (this.#wanted.length > 0) await sleep(RETRY_MILLISECONDS);
      }
    } catch (error) {
      for (const { refused } of this.#wanted.splice(0)) refused(error);
    } finally {
      this.#asking = undefined;
    }
  }

  async #grant(client: pg.Client): Promise<void> {
    // The session would be given a lock that it holds a second time.
    const keys = [...new Set(this.#wanted.map(({ key }) => key))].filter((key) => !this.#held.has(key));
    if (keys.length === 0) return;
    const { rows } = await this.#query<{ key: string }>(
      client,
      `SELECT key FROM (
         SELECT key, pg_try_advisory_lock(hashtextextended(key, 0)) AS taken FROM unnest($1::text[]) AS key OFFSET 0
       ) AS tried WHERE taken`,
      [keys],
    );
    for (const { key } of rows) {
      const wanted = this.#wanted.find((one) => one.key === key);
      if (wanted === undefined) {
        await this.#unlock(client, key);
        continue;
      }
      this.#wanted = this.#wanted.filter((one) => one !== wanted);
      this.#held.set(key, wanted.onLost);
      wanted.granted({ release: () => this.#release(client, key) });
    }
  }

  async #release(client: pg.Client, key: string): Promise<void> {
    if (client !== this.#client || !this.#held.delete(key)) return;
    await this.#unlock(client, key);
  }

  async #unlock(client: pg.Client, key: string): Promise<void> {
    await this.#query(client, 'SELECT pg_advisory_unlock(hashtextextended($1, 0))', [key]);
  }

  /** One query at a time: stages end together, and pg is to refuse a connection a second query before the first's answer. */
  #query<R extends pg.QueryResultRow>(client: pg.Client, text: string, values: unknown[]): Promise<pg.QueryResult<R>> {
    const answer = this.#turn.then(() => client.query<R>(text, values));
    // whoever asked hears of the error; the next in turn asks anew
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: `routewarden locks ${this.name}`,
      ...CONNECTION_LIMITS,
      query_timeout: ANSWER_MILLISECONDS,
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('the connection of the stage locks has ended')));
    await client.connect();
    if (this.#closed) {
      await client.end();
      throw new Error('the stage locks are closed');
    }
    this.#client = client;
    return client;
  }

  #lost(client: pg.Client, error: Error): void {
    if (this.#closed || client !== this.#client) return;
    this.#client = undefined;
    const holders = [...this.#held.values()];
    this.#held.clear();
    for (const onLost of holders) onLost(error);
    void client.end().catch(() => {}); // it has ended already; its holders know
  }
}
