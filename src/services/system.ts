import type { Logger } from 'pino';
import { QueueStore } from '../../queues/store.js';
import type { Settings } from '../config/settings.js';
import { type OpenedDatabase, openDatabase } from '../storage/database.js';
import { openPool } from '../storage/pool.js';
import { registerStream } from '../storage/streams.js';
import { COLLECTOR_SETTINGS, SERVICES, type ServiceName } from './catalogue.js';
import { serviceSettings } from './launch.js';
import { mustBeFree } from './pagePort.js';
import { Supervisor } from './supervisor.js';

export interface SystemOptions {
  settings: Settings;
  logger: Logger;
  services?: readonly ServiceName[];
  /** Begin with an empty own database. */
  fresh?: boolean;
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
    private readonly options: SystemOptions,
    private settings: Settings,
  ) {}

  #serves(name: ServiceName): boolean {
    return this.options.services?.includes(name) ?? true;
  }

  /** @throws Error in words when a store cannot be reached, or the data directory or the page's port is in use */
  static async start(options: SystemOptions): Promise<System> {
    const { settings, logger } = options;
    const log = (line: string) => logger.debug(line);
    const database = await openDatabase(settings, { share: false, fresh: options.fresh ?? false, log });
    let stopping = false;
    database.onExit((code) => {
      if (!stopping) options.onDatabaseLost(code);
    });
    try {
      const { databaseUrl } = database;
      const onError = (error: Error) => logger.warn({ error: error.message }, 'connection problem');
      const queues = new QueueStore({ ...settings, databaseUrl }, onError);
      await queues.prepare();
      await registerStreams(settings, databaseUrl, onError);
      if (options.services?.includes('dashboard') ?? true) await mustBeFree(settings.dashboard);
      await options.beforeServices?.(databaseUrl);
    } catch (error) {
      stopping = true;
      await database.close();
      throw error;
    }
    const supervisor = new Supervisor(
      serviceSettings(settings, database.databaseUrl),
      logger,
      options.onLine,
      options.onHopeless,
    );
    try {
      supervisor.start(options.services ?? SERVICES.map(({ name }) => name));
    } catch (error) {
      stopping = true;
      await supervisor.stop();
      await database.close();
      throw error;
    }
    const system = new System(database, supervisor, options, settings);
    system.#beforeStop = () => {
      stopping = true;
    };
    return system;
  }

  #beforeStop: () => void = () => {};

  /**
   * Goes on with other settings: services start afresh one after the other, the collector only when what it reads has
   * changed. Files that settings name are looked at again by themselves.
   * @returns the services that started afresh, none where no setting changed
   * @throws Error when a setting changed that the stores were opened with, or the page's new port is in use
   */
  async reload(settings: Settings): Promise<ServiceName[]> {
    for (const name of ['databaseUrl', 'redisUrl', 'queuePrefix', 'dataDirectory', 'artifactDirectory'] as const) {
      if (settings[name] !== this.settings[name]) {
        throw new Error(`${name} cannot change while the system runs: stop it, then start it again`);
      }
    }
    const { databaseUrl } = this.database;
    const { dashboard } = settings;
    if (dashboard.port !== this.settings.dashboard.port && this.#serves('dashboard')) await mustBeFree(dashboard);
    await registerStreams(settings, databaseUrl, (error) => this.options.logger.warn({ error: error.message }));
    const isChanged = (name: keyof Settings) => JSON.stringify(settings[name]) !== JSON.stringify(this.settings[name]);
    if (!Object.keys({ ...this.settings, ...settings }).some((name) => isChanged(name as keyof Settings))) return [];
    const names = SERVICES.map(({ name }) => name).filter(
      (name) => this.#serves(name) && (name !== 'collector' || COLLECTOR_SETTINGS.some(isChanged)),
    );
    this.settings = settings;
    await this.supervisor.reload(serviceSettings(settings, databaseUrl), names);
    return names;
  }

  async stop(): Promise<void> {
    this.#beforeStop();
    await this.supervisor.stop();
    await this.database.close();
  }
}

async function registerStreams(
  settings: Settings,
  databaseUrl: string,
  onError: (error: Error) => void,
): Promise<void> {
  const pool = openPool(databaseUrl, { name: 'start', maximum: 1, onError });
  try {
    for (const { name, ...source } of settings.streams) await registerStream(pool, name, source);
  } finally {
    await pool.end();
  }
}
