import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectionOptions,
  createPostgresBackend,
  type Processor,
  Queue,
  QueueEvents,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { CONNECTION_LIMITS } from '../src/storage/pool.js';
import { QUEUE_SCHEMA } from '../src/storage/queueSchema.js';

/** Where the queues live: Redis when its URL is given, else the PostgreSQL that holds the data. */
export interface QueueStoreSettings {
  redisUrl?: string | undefined;
  databaseUrl: string;
  /** Start of all names in Redis, which systems may share. In PostgreSQL each has a database of its own. */
  queuePrefix: string;
}

const CLOSE_MILLISECONDS = 15_000;

/**
 * The one factory of queues, workers and queue events, on either store. It owns what it made: `close` closes all.
 */
export class QueueStore {
  readonly #opened: { close(): Promise<unknown> }[] = [];
  readonly #connections: Redis[] = [];

  constructor(
    private readonly settings: QueueStoreSettings,
    private readonly onError: (error: Error) => void,
    /** Who asks a queue gives up after so long without an answer; workers wait for the store to come back. */
    private readonly answerMilliseconds = 10_000,
  ) {}

  get kind(): 'redis' | 'postgres' {
    return this.settings.redisUrl === undefined ? 'postgres' : 'redis';
  }

  /**
   * Makes the tables of the queues, or checks that Redis answers. Once at a system's start.
   * @throws Error naming the store and what to do when it cannot be reached
   */
  async prepare(): Promise<void> {
    try {
      if (this.kind === 'postgres') {
        const queue = new Queue('preparation', this.#postgresOptions(true), createPostgresBackend);
        queue.on('error', this.onError);
        await queue.waitUntilReady();
        await queue.close();
      } else {
        const redis = new Redis(this.settings.redisUrl!, {
          lazyConnect: true,
          connectTimeout: 5_000,
          commandTimeout: 5_000,
          maxRetriesPerRequest: 1,
          retryStrategy: null,
        });
        redis.on('error', () => {}); // the failed connect below carries the same error
        await redis.connect();
        await redis.ping();
        redis.disconnect();
      }
    } catch (error) {
      const place = this.kind === 'redis' ? 'Redis at REDIS_URL' : 'PostgreSQL for the queues';
      throw new Error(`cannot reach ${place} (${(error as Error).message}): check the URL and that the server runs`);
    }
  }

  queue<Data>(name: string): Queue<Data> {
    const queue =
      this.kind === 'redis'
        ? new Queue<Data>(name, { connection: this.#redis(this.answerMilliseconds), prefix: this.settings.queuePrefix })
        : (new Queue(name, this.#postgresOptions(), createPostgresBackend) as unknown as Queue<Data>);
    queue.on('error', this.onError);
    this.#opened.push(queue);
    return queue;
  }

  /** `processor` is a function, or the path of a file whose default export runs in a child process. */
  worker<Data, Result>(
    name: string,
    processor: string | URL | Processor<Data, Result>,
    options: Omit<WorkerOptions, 'connection' | 'prefix'>,
  ): Worker<Data, Result> {
    const worker =
      this.kind === 'redis'
        ? new Worker<Data, Result>(name, processor, {
            ...options,
            connection: this.#redis(),
            prefix: this.settings.queuePrefix,
          })
        : (new Worker(
            name,
            processor as Processor,
            { ...this.#postgresOptions(), ...options },
            createPostgresBackend,
          ) as unknown as Worker<Data, Result>);
    worker.on('error', this.onError);
    this.#opened.push(worker);
    return worker;
  }

  events(name: string): QueueEvents {
    const events =
      this.kind === 'redis'
        ? new QueueEvents(name, { connection: this.#redis(), prefix: this.settings.queuePrefix })
        : (new QueueEvents(name, this.#postgresOptions(), createPostgresBackend) as unknown as QueueEvents);
    events.on('error', this.onError);
    this.#opened.push(events);
    return events;
  }

  async close(): Promise<void> {
    // A part whose Redis does not answer would wait for it before it closes.
    for (const connection of this.#connections) if (connection.status !== 'ready') connection.disconnect();
    const closed = Promise.allSettled(this.#opened.map((part) => part.close()));
    const late = sleep(CLOSE_MILLISECONDS, undefined, { ref: false });
    await Promise.race([closed, late]);
    for (const connection of this.#connections) connection.disconnect();
  }

  #redis(commandTimeout?: number): ConnectionOptions {
    const connection = new Redis(this.settings.redisUrl!, {
      // BullMQ asks for this on blocking connections: it waits through an outage instead of failing its commands.
      maxRetriesPerRequest: null,
      connectTimeout: 10_000,
      ...(commandTimeout === undefined ? {} : { commandTimeout }),
      // A path that swallows everything is found out, where no command has an answer due.
      keepAlive: 10_000,
      retryStrategy: (attempt: number) => Math.min(100 * 2 ** attempt, 5_000),
    });
    connection.on('error', this.onError);
    this.#connections.push(connection);
    return connection;
  }

  #postgresOptions(migrate = false) {
    return {
      connection: {
        connectionString: this.settings.databaseUrl,
        max: 3,
        ...CONNECTION_LIMITS,
        schema: QUEUE_SCHEMA,
        migrate,
        application_name: 'routewarden queues',
      },
      prefix: this.settings.queuePrefix,
    };
  }
}
