import { Argument, type Command } from 'commander';
import type { Settings } from '../config/settings.js';
import { findService, SERVICES } from '../services/catalogue.js';
import { inlining } from '../services/inlining.js';
import { largePages } from '../services/largePages.js';
import { launchService, serviceSettings } from '../services/launch.js';
import { youngHeap } from '../services/youngHeap.js';
import { openDatabase } from '../storage/database.js';
import { hasSchema } from '../storage/databaseFacts.js';
import { openPool } from '../storage/pool.js';
import { QUEUE_SCHEMA } from '../storage/queueSchema.js';
import { listServices } from '../storage/services.js';
import { say } from './output.js';
import { NO_QUEUES, settingsOf } from './store.js';

/** The services that read or fill queues. */
const WITH_QUEUES: readonly string[] = ['drift-monitor', 'trainer', 'dashboard'];
const BEATING_SECONDS = 60;

/**
 * Makes the tables of the queues, as `start` does. Where others with queues beat and the database has no such tables, they
 * use a Redis that these settings do not name: a worker on queues of its own would wait for ever.
 */
async function prepareQueues(settings: Settings, databaseUrl: string): Promise<void> {
  const { QueueStore } = await import('../../queues/store.js');
  const onError = (error: Error) => say(`connection problem: ${error.message}`);
  const pool = openPool(databaseUrl, { name: 'run', maximum: 1, onError });
  try {
    if (await hasSchema(pool, QUEUE_SCHEMA)) return;
    const others = await listServices(pool);
    if (others.some(({ name, heartbeatAge }) => WITH_QUEUES.includes(name) && heartbeatAge < BEATING_SECONDS))
      throw new Error(NO_QUEUES);
    await new QueueStore({ ...settings, databaseUrl }, onError).prepare();
  } finally {
    await pool.end();
  }
}

export function register(program: Command): void {
  program
    .command('run')
    .description('Run one service alone in this terminal, such as a training worker on another machine.')
    .addArgument(new Argument('<service>', 'which one').choices(SERVICES.map(({ name }) => name)))
    .addHelpText(
      'after',
      `
Example:
  DATABASE_URL=postgres://user:secret@db/routewarden REDIS_URL=redis://queue:6379 routewarden run trainer`,
    )
    .action(async (name: string) => {
      const service = findService(name);
      const settings = settingsOf(program);
      const database = await openDatabase(settings, { share: true, log: () => {} });
      if (settings.redisUrl === undefined && WITH_QUEUES.includes(name)) {
        await prepareQueues(settings, database.databaseUrl).catch(async (error) => {
          await database.close();
          throw error;
        });
      }
      let failed: Error | null = null;
      const child = launchService({
        entry: service.entry,
        flags: [...youngHeap(service), ...inlining(service)],
        environment: largePages(service, process.env),
        settings: serviceSettings(settings, database.databaseUrl),
        output: 'inherit',
        onError: (error) => {
          failed = error;
        },
      });
      let asked = false;
      const pass = (signal: NodeJS.Signals) => {
        asked = true;
        child.kill(signal);
      };
      process.on('SIGINT', () => pass('SIGTERM'));
      process.on('SIGTERM', () => pass('SIGTERM'));
      say(`${service.name} runs as process ${child.pid}; Ctrl-C ends it`);
      const code = await new Promise<number | null>((done) => {
        child.once('exit', done);
        child.once('error', () => done(1));
      });
      await database.close();
      if (failed !== null) throw failed;
      // Asked before it was ready to end in order, it ends all the same, as it was asked to.
      process.exitCode = code ?? (asked ? 0 : 1);
    });
}
