import pg from 'pg';
import { CONNECTION_LIMITS, type Db } from './pool.js';

const CHANNEL = 'routewarden';
const ANSWER_MILLISECONDS = 10_000;

/** Notifies listeners that rows of `table` for `stream` were committed. Sent with the transaction; a hint, never needed. */
export async function notify(db: Db, table: string, stream: string): Promise<void> {
  await db.query('SELECT pg_notify($1, $2)', [CHANNEL, `${table} ${stream}`]);
}

/**
 * Listens for such hints and reconnects with backoff when the connection breaks; what is lost meanwhile costs its
 * readers one poll interval.
 */
export class NotificationListener {
  #client: pg.Client | null = null;
  #closed = false;
  #retryMilliseconds = 100;
  #timer: NodeJS.Timeout | undefined;
  readonly #handlers = new Set<(table: string, stream: string) => void>();

  constructor(
    private readonly databaseUrl: string,
    private readonly onError: (error: Error) => void,
  ) {}

  onNotification(handler: (table: string, stream: string) => void): void {
    this.#handlers.add(handler);
  }

  async open(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: 'routewarden listener',
      ...CONNECTION_LIMITS,
      query_timeout: ANSWER_MILLISECONDS,
    });
    let lost = false;
    const retry = (error: Error) => {
      if (lost || this.#closed) return;
      lost = true;
      this.onError(error);
      client.end().catch(this.onError);
      this.#timer = setTimeout(() => void this.open(), this.#retryMilliseconds);
      this.#retryMilliseconds = Math.min(this.#retryMilliseconds * 2, 5_000);
    };
    client.on('error', retry);
    client.on('end', () => retry(new Error('the connection for notifications was closed')));
    client.on('notification', ({ payload }) => {
      const [table, stream] = (payload ?? '').split(' ');
      if (table && stream) for (const handler of this.#handlers) handler(table, stream);
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#client = client;
      this.#retryMilliseconds = 100;
    } catch (error) {
      retry(error as Error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client?.end();
  }
}
