import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { type Logger, pino } from 'pino';
import type { QueueStore } from '../../queues/store.js';
import { loadSettings } from '../config/load.js';
import { secretHider } from '../config/redaction.js';
import type { Settings } from '../config/settings.js';
import { NotificationListener } from '../storage/notifications.js';
import { askForAnswer, openPool } from '../storage/pool.js';
import { type ServiceState, upsertService } from '../storage/services.js';
import { StageLocks } from '../storage/stageLocks.js';
import { storeIsAway } from '../storage/storeAway.js';
import { boundedLog } from './boundedLog.js';
import type { ServiceName } from './catalogue.js';
import { sayFarewell } from './farewell.js';
import { logOutput } from './logOutput.js';
import { PortInUse } from './pagePort.js';
import { givePulses } from './pulse.js';
import { sayReady } from './readiness.js';
import { Rounds } from './rounds.js';

const HEARTBEAT_MILLISECONDS = 2_000;
const DRAIN_MILLISECONDS = 20_000;
const RETRY_MILLISECONDS = 250;
const MOST_TRIES = 240;
/** Far beyond any statement of a service; a database that is silent for longer is away. */
const ANSWER_SECONDS = 120;

/** What a service is given to work with; it owns none of it and closes none of it. */
export interface ServiceContext {
  name: ServiceName;
  instance: string;
  settings: Settings;
  pool: Pool;
  locks: StageLocks;
  /** Opened, and BullMQ loaded, when first asked for: half of what a service that has no queue would need to start. */
  queues(): Promise<QueueStore>;
  notifications: NotificationListener;
  logger: Logger;
  /** Aborted when the service shall end: finish what is under way, commit, return. */
  signal: AbortSignal;
  /** What fails again and again although the service lives; written with the next heartbeat. */
  rounds: Rounds;
  /** Says that it works: a reload goes on to the next service. */
  ready(): void;
  /** Facts for `routewarden status`, written with the next heartbeat. */
  report(detail: Record<string, unknown>): void;
}

/**
 * Runs one service as this process: settings from the environment, heartbeat row, orderly end on SIGTERM, SIGINT or
 * when its supervisor is gone. Exit code 0 after an orderly end, 1 after a failure, 2 for wrong settings.
 * @param saysReady whether `main` says itself when it works; else it does from its beginning on
 */
export async function runService(
  name: ServiceName,
  main: (context: ServiceContext) => Promise<void>,
  { saysReady = false } = {},
): Promise<void> {
  sayFarewell();
  givePulses();
  let settings: Settings;
  try {
    settings = loadSettings(process.env).settings;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
  const logger = pino(
    { ...boundedLog(secretHider(settings), Date.now), level: settings.logLevel, base: { service: name } },
    logOutput(1),
  );
  const ending = new AbortController();
  // every stream's stages listen to it: more than ten listeners are normal
  setMaxListeners(0, ending.signal);
  const end = (reason: string) => {
    if (ending.signal.aborted) return;
    logger.debug({ reason }, 'draining');
    ending.abort(new Error(reason));
    setTimeout(() => {
      logger.error(`did not drain within ${DRAIN_MILLISECONDS / 1000} s of ${reason}`);
      process.exit(1);
    }, DRAIN_MILLISECONDS).unref();
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  process.on('disconnect', () => end('the supervisor is gone'));
  // It may have gone while this process was loading.
  if (process.send !== undefined && !process.connected) end('the supervisor is gone');

  const databaseUrl = settings.databaseUrl;
  if (databaseUrl === undefined) {
    logger.fatal('no DATABASE_URL: start the whole system with `routewarden start`, or set DATABASE_URL');
    process.exit(2);
  }
  const onError = (error: Error) => logger.warn({ error: error.message }, 'connection problem');
  const pool = openPool(databaseUrl, { name, onError, answerSeconds: ANSWER_SECONDS });
  const opened: Promise<QueueStore>[] = [];
  const queues = () => {
    if (opened.length === 0) {
      opened.push(
        import('../../queues/store.js').then(({ QueueStore }) => new QueueStore({ ...settings, databaseUrl }, onError)),
      );
    }
    return opened[0]!;
  };
  const notifications = new NotificationListener(databaseUrl, onError);
  const locks = new StageLocks(databaseUrl, name);
  const instance = process.env.ROUTEWARDEN_INSTANCE ?? `${name}.${hostname()}.${process.pid}`;
  let detail: Record<string, unknown> = {};
  const rounds = new Rounds(() => new Date());
  const beat = (state: ServiceState) =>
    upsertService(pool, {
      instance,
      name,
      host: hostname(),
      pid: process.pid,
      state,
      detail: { ...detail, failing: rounds.failing() },
      restarts: Number(process.env.ROUTEWARDEN_RESTARTS ?? 0),
    });
  const heartbeat = setInterval(() => {
    beat(ending.signal.aborted ? 'draining' : 'running').catch(onError);
  }, HEARTBEAT_MILLISECONDS);
  let failed = false;
  try {
    await databaseAnswers(pool, ending.signal, logger);
    await beat('running');
    await notifications.open();
    if (!saysReady) sayReady();
    await main({
      name,
      instance,
      settings,
      pool,
      locks,
      queues,
      notifications,
      logger,
      signal: ending.signal,
      rounds,
      ready: sayReady,
      report: (facts) => {
        detail = { ...detail, ...facts };
      },
    });
  } catch (error) {
    failed = true;
    // Of what its words explain, the stack says nothing.
    if (error instanceof PortInUse) logger.fatal(`${name} cannot serve: ${error.message}`);
    else logger.fatal({ err: error }, `${name} failed`);
  }
  clearInterval(heartbeat);
  await beat(failed ? 'failed' : 'stopped').catch(onError);
  await Promise.allSettled([
    ...opened.map(async (store) => (await store).close()),
    notifications.close(),
    locks.close(),
  ]);
  await pool.end().catch(onError);
  process.exit(failed ? 1 : 0);
}

/**
 * Waits in the process for a database that restarts: ten services that end and start again would keep each other from
 * coming back.
 * @throws the database's error when it is none of being away, such as a wrong password
 */
async function databaseAnswers(pool: Pool, signal: AbortSignal, logger: Logger): Promise<void> {
  for (let tries = 1; !signal.aborted; tries += 1) {
    try {
      await askForAnswer(pool);
      return;
    } catch (error) {
      if (!storeIsAway(error) || tries >= MOST_TRIES) throw error;
      if (tries === 1) logger.warn({ error: (error as Error).message }, 'waiting for the database');
      await new Promise((done) => setTimeout(done, RETRY_MILLISECONDS));
    }
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
