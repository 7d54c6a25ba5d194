import { createPostgresBackend, Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import type { z } from 'zod';
import { type RetrainPayload, readRetrainPayload } from '../../queues/retrain.js';
import { incidentActs } from '../../src/acts/incidents.js';
import { modelActs } from '../../src/acts/models.js';
import { settingsSchema } from '../../src/config/settings.js';
import type { BoardQueue } from '../../src/dashboard/board.js';
import { createDashboard } from '../../src/dashboard/server.js';
import { type dashboardSettings, readDashboardSettings } from '../../src/dashboard/settings.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { STREAM } from './seed.js';

export interface TestDashboard {
  database: TestDatabase;
  queue: BoardQueue;
  /** All that was logged, to look for secrets in. */
  log: string[];
  open(
    settings?: z.input<typeof dashboardSettings>,
    nameOf?: (asNumber: number) => string | undefined,
    replayed?: readonly string[],
  ): Promise<{ server: FastifyInstance; url: string }>;
  stop(): Promise<void>;
}

/** A database, a queue on it, and dashboards with any settings in front. */
export async function startDashboards(): Promise<TestDashboard> {
  const database = await openTestDatabase();
  const queue = new Queue(
    'retrain',
    { connection: { connectionString: database.url, migrate: true } },
    createPostgresBackend,
  );
  await queue.waitUntilReady();
  queue.on('error', () => {});
  const log: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  const acts = {
    ...incidentActs(database.pool),
    ...modelActs({
      pool: database.pool,
      // The same queue on the other store.
      queue: queue as unknown as Queue<RetrainPayload>,
      settings: settingsSchema.parse({}).retraining,
    }),
  };
  const servers: FastifyInstance[] = [];
  return {
    database,
    queue,
    log,
    async open(given = {}, nameOf = () => undefined, replayed = []) {
      const settings = readDashboardSettings({ port: 0, pollInterval: 100, live: false, staleAfter: 3600, ...given });
      const server = await createDashboard({
        pool: database.pool,
        queues: [queue],
        queueHelp: {
          retrain: {
            description: 'Trains a model anew. Payload: {"modelKey": "lstm@rrc00"}',
            check: (data) => void readRetrainPayload(data, [STREAM]),
          },
        },
        settings,
        budget: 6,
        replayed,
        watchRate: 0.2,
        trainingDays: 7,
        nameOf,
        acts,
        logger,
        clock: Date,
        pageFolder: new URL('../../page/', import.meta.url),
      });
      servers.push(server);
      await server.listen({ host: settings.host, port: settings.port });
      const address = server.server.address();
      if (address === null || typeof address === 'string') throw new Error('no address');
      return { server, url: `http://127.0.0.1:${address.port}` };
    },
    async stop() {
      for (const server of servers) await server.close();
      await queue.close();
      await database.close();
    },
  };
}
