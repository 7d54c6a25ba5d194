import { writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { type Settings, settingsSchema } from '../../src/config/settings.js';
import { Random } from '../../src/random/random.js';
import { SERVICES } from '../../src/services/catalogue.js';
import { System } from '../../src/services/system.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { type Scenario, worldOf } from '../../src/simulation/scenario.js';
import { openPool } from '../../src/storage/pool.js';
import { Receivers } from './receivers.js';
import { OwnDisk } from './stores/ownDisk.js';
import { PostgresStore } from './stores/postgresStore.js';
import { RedisStore } from './stores/redisStore.js';

export const STREAM = 'chaos';
export type StoreName = 'postgres' | 'redis';

export interface SubjectOptions {
  scenario: Scenario;
  store: StoreName;
  seed: number;
  say: (line: string) => void;
  /** Whether the feed's archive is there, so that gaps heal. */
  withArchive?: boolean;
}

/** After a gap the feed must be so far on before the gap is looked for: then the archive's file is whole. */
const ARCHIVE_DELAY_MINUTES = 5;
/** Requests that fail before the archive answers one, each in its own way. */
const ARCHIVE_FAULTS = ['none', 'busy', 'truncated', 'reset'] as const;

/** The whole system as real processes on real stores, with what a fault needs to get at it. */
export class Subject {
  /** Whether the feed plays on whoever listens: what is sent to nobody is lost. */
  feedGoesOn = false;

  private constructor(
    readonly folder: string,
    readonly settings: Settings,
    readonly feed: RisLiveServer,
    readonly archive: ArchiveServer | null,
    readonly artifactDisk: OwnDisk,
    /** Who is on call. */
    readonly receivers: Receivers,
    readonly postgres: PostgresStore,
    readonly redis: RedisStore | null,
    readonly system: System,
    /** Undisturbed, for the harness alone. */
    readonly pool: Pool,
    readonly retrainQueue: Queue<RetrainPayload>,
    private readonly queues: QueueStore,
    private readonly clockFile: string,
  ) {}

  /** @throws Error when `store` is redis and there is no redis-server */
  static async start(options: SubjectOptions): Promise<Subject> {
    const { scenario, store, seed, say } = options;
    const folder = await mkdtemp(join(tmpdir(), 'routewarden-chaos-'));
    // As root the database runs as another user: it must get through, or it would not lie on the disk that is filled.
    await chmod(folder, 0o755);
    // Why a service ended is worth a line.
    const logger = pino({ level: 'warn', base: null }, { write: (line: string) => say(line.trim()) });
    const clockFile = join(folder, 'clock');
    writeFileSync(clockFile, '0');
    const postgres = await PostgresStore.start(join(folder, 'database'), say);
    const redis = store === 'redis' ? await RedisStore.start(join(folder, 'redis')) : null;
    if (store === 'redis' && redis === null) {
      await postgres.close();
      throw new Error('there is no redis-server on this machine');
    }
    const feed = new RisLiveServer({ world: worldOf(scenario), logger, waitForSubscriber: true });
    const archive = options.withArchive === true ? archiveOf(scenario, seed, feed) : null;
    const artifactDisk = OwnDisk.open(join(folder, 'artifacts'), '512m');
    const receivers = await Receivers.start();
    const settings = settingsSchema.parse({
      alerts: receivers.settings,
      databaseUrl: postgres.url,
      redisUrl: redis?.url,
      dataDirectory: join(folder, 'data'),
      artifactDirectory: artifactDisk.folder,
      queuePrefix: 'routewarden-chaos',
      seed,
      driftCheckIntervalSeconds: 1,
      // Verdicts wait for every detector however long it is away, so that rows can be compared.
      ensembleWaitSeconds: 3_600,
      streams: [{ name: STREAM, ...(archive === null ? {} : { host: archive.options.world.host }) }],
      ...(archive === null
        ? {}
        : {
            archive: {
              url: await archive.listen(),
              delayMinutes: ARCHIVE_DELAY_MINUTES,
              intervalSeconds: 0.2,
              attempts: 50,
            },
          }),
      feed: { clock: 'feed', url: await feed.listen() },
      retraining: {
        trainingDays: 1,
        heldBackMinutes: 240,
        jitterSeconds: 0,
        leaseSeconds: 6,
        leaseWaitSeconds: 20,
        attempts: 1_000,
        // The watch after a publish moves the pointer at the minute that the stream has come to when it looks, and time
        // races here: no two runs would be equal. It never acts at this rate.
        watchRate: 1,
      },
      dashboard: { port: 0, live: false },
    });
    const system = await withClock(clockFile, () =>
      System.start({
        settings,
        logger,
        // Drift is first looked at when the history is complete.
        services: SERVICES.map(({ name }) => name).filter((name) => name !== 'drift-monitor'),
        onLine: (service, line) => {
          const isFatal = line.includes('"level":60') || /^\S*Error\b|^\s+at /.test(line);
          const isWanted = process.env.CHAOS_LOGS !== undefined && !/"level":[1-4]0/.test(line);
          // a feed that waits for its collector has no gap but by a fault of the line
          const isGap = /"msg":"(feed gap|RIS Live is away|the feed is silent)"/.test(line);
          if (isFatal || isWanted || isGap || process.env.CHAOS_LOGS === 'all')
            say(`[${service}] ${line.slice(0, 900)}`);
        },
        onHopeless: (service, reason) => say(`${service} cannot run: ${reason}`),
        onDatabaseLost: () => {},
      }),
    );
    const onError = () => {}; // the harness tries again
    const pool = openPool(postgres.steadyUrl, { name: 'chaos', onError });
    const queues = new QueueStore(
      { ...settings, databaseUrl: postgres.steadyUrl, redisUrl: redis?.steadyUrl },
      onError,
    );
    const retrainQueue = openRetrainQueue(queues);
    return new Subject(
      folder,
      settings,
      feed,
      archive,
      artifactDisk,
      receivers,
      postgres,
      redis,
      system,
      pool,
      retrainQueue,
      queues,
      clockFile,
    );
  }

  /** Sets the services' wall clocks off by so many milliseconds. */
  stepClock(milliseconds: number): void {
    writeFileSync(this.clockFile, String(milliseconds));
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.queues.close();
    await this.system.stop();
    await this.feed.close();
    await this.receivers.close();
    await this.archive?.close();
    await this.redis?.close();
    await this.postgres.close();
    this.artifactDisk.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Has each file once the feed has passed it; the first request of a file may go wrong, as the seed draws. */
function archiveOf(scenario: Scenario, seed: number, feed: RisLiveServer): ArchiveServer {
  const archive = new ArchiveServer({ world: worldOf(scenario), horizon: () => feed.state.position });
  const random = new Random(seed, 11);
  archive.fault = (_path, attempt) => (attempt === 1 ? random.pick(ARCHIVE_FAULTS) : 'none');
  return archive;
}

/** Services inherit the environment: for their start alone it names the preloaded clock. */
async function withClock<T>(clockFile: string, start: () => Promise<T>): Promise<T> {
  const preload = pathToFileURL(fileURLToPath(new URL('./steppedClock.js', import.meta.url))).href;
  const before = { NODE_OPTIONS: process.env.NODE_OPTIONS, CHAOS_CLOCK_FILE: process.env.CHAOS_CLOCK_FILE };
  process.env.NODE_OPTIONS = `--import=${preload}`;
  process.env.CHAOS_CLOCK_FILE = clockFile;
  try {
    return await start();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
