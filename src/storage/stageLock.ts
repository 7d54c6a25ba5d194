import pg from 'pg';

/**
 * Holds a stage of a stream for one process, as a session's advisory lock: PostgreSQL frees it the moment the process
 * or its connection dies, so that a replacement takes over at once and two never write side by side.
 */
export class StageLock {
  private constructor(private readonly client: pg.Client) {}

  /**
   * Waits until the lock is free.
   * @param onLost called once when the connection that holds the lock breaks: the holder must stop writing
   * @param signal ends the waiting, which then rejects
   */
  static async take(
    databaseUrl: string,
    stage: string,
    stream: string,
    onLost: (error: Error) => void,
    signal?: AbortSignal,
  ): Promise<StageLock> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: `routewarden lock ${stage}`,
      connectionTimeoutMillis: 10_000,
    });
    let closing = false;
    client.on('error', (error) => {
      if (!closing) onLost(error);
    });
    const giveUp = () => {
      closing = true;
      void client.end().catch(() => {}); // the query below rejects with the reason
    };
    try {
      await client.connect();
      signal?.addEventListener('abort', giveUp, { once: true });
      signal?.throwIfAborted();
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`${stage} ${stream}`]);
    } catch (error) {
      giveUp();
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    const lock = new StageLock(client);
    lock.beforeRelease = () => {
      closing = true;
    };
    return lock;
  }

  private beforeRelease: () => void = () => {};

  async release(): Promise<void> {
    this.beforeRelease();
    await this.client.end();
  }
}
