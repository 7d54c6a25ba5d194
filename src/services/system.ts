import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { QueueStore } from '../../queues/store.js';
import type { Settings } from '../config/settings.js';
import { type OpenedDatabase, openDatabase } from '../storage/database.js';
import { openPool } from '../storage/pool.js';
import { registerStream } from '../storage/streams.js';
import { SERVICES, type ServiceName } from './catalogue.js';
import { Supervisor } from './supervisor.js';

export interface SystemOptions {
  settings: Settings;
  logger: Logger;
  services?: readonly ServiceName[];
  onLine: (service: ServiceName, line: string) => void;
  onHopeless: (service: ServiceName, reason: string) => void;
  /** Called when the stores are ready and no service runs yet. */
  beforeServices?: (databaseUrl: string) => Promise<void>;
  /** The own database has ended without being asked to. */
  onDatabaseLost: (code: number | null) => void;
}

/** The whole system on one machine: its stores first, then its services; stopped in the opposite order. */
export class System {
  private constructor(
    readonly database: OpenedDatabase,
    readonly supervisor: Supervisor,
  ) {}

  /** @throws Error in words when a store cannot be reached or the data directory is in use */
  static async start(options: SystemOptions): Promise<System> {
    const { settings, logger } = options;
    const log = (line: string) => logger.debug(line);
    const database = await openDatabase(settings, { share: false, log });
    let stopping = false;
    database.onExit((code) => {
      if (!stopping) options.onDatabaseLost(code);
    });
    try {
      const { databaseUrl } = database;
      const onError = (error: Error) => logger.warn({ error: error.message }, 'connection trouble');
      const queues = new QueueStore({ ...settings, databaseUrl }, onError);
      await queues.prepare();
      const pool = openPool(databaseUrl, { name: 'start', maximum: 1, onError });
      for (const { name, ...source } of settings.streams) await registerStream(pool, name, source);
      await pool.end();
      await options.beforeServices?.(databaseUrl);
    } catch (error) {
      stopping = true;
      await database.close();
      throw error;
    }
    const supervisor = new Supervisor(
      serviceEnvironment(settings, database.databaseUrl),
      logger,
      options.onLine,
      options.onHopeless,
    );
    supervisor.start(options.services ?? SERVICES.map(({ name }) => name));
    const system = new System(database, supervisor);
    system.beforeStop = () => {
      stopping = true;
    };
    return system;
  }

  private beforeStop: () => void = () => {};

  async stop(): Promise<void> {
    this.beforeStop();
    await this.supervisor.stop();
    await this.database.close();
  }
}

/** What a service process needs to see the very settings of its supervisor, with folders made absolute. */
export function serviceEnvironment(settings: Settings, databaseUrl: string): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('ROUTEWARDEN_') && name !== 'DATABASE_URL' && name !== 'REDIS_URL',
    ),
  );
  const whole = {
    ...settings,
    databaseUrl,
    dataDirectory: resolve(settings.dataDirectory),
    artifactDirectory: resolve(settings.artifactDirectory),
  };
  return { ...inherited, ROUTEWARDEN_SETTINGS: JSON.stringify(whole) };
}
