import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { pino } from 'pino';
import type { z } from 'zod';
import { type Settings, settingsSchema } from '../../src/config/settings.js';
import { Pipeline } from '../../src/demo/pipeline.js';
import { STORY_START } from '../../src/demo/story.js';
import { System } from '../../src/services/system.js';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { demoScenario, worldOf } from '../../src/simulation/scenario.js';
import { freePort } from '../../src/storage/freePort.js';
import { minuteToDate } from '../../src/storage/minuteColumn.js';
import { openPool } from '../../src/storage/pool.js';
import { reachableFolder } from './reachableFolder.js';

export const STREAM = 'demo';
const HISTORY_HOURS = 26;
/** So far the feed is played beyond the minutes that are asked for; all of them but the last are closed by it. */
const GRACE_MINUTES = 3;
const QUIET = pino({ level: 'silent' });

export interface RunningSystemOptions {
  /** Beside the stream, the feed and the folders. */
  retraining?: z.input<typeof settingsSchema>['retraining'];
  incidents?: NonNullable<Parameters<typeof demoScenario>[1]>['incidents'];
  /** Queues are on PostgreSQL without it. */
  redisUrl?: string | undefined;
  /** The whole test's time, in milliseconds. */
  patience: number;
}

/** All services as processes on a simulated RIS Live whose minutes the test plays; models train on its first day. */
export class RunningSystem {
  private at = STORY_START + HISTORY_HOURS * 60;
  #learnt = false;

  private constructor(
    private readonly folder: string,
    public settings: Settings,
    readonly feed: RisLiveServer,
    public system: System,
    public pool: Pool,
    public pipeline: Pipeline,
    /** Of the page. */
    readonly url: string,
    private readonly patience: AbortSignal,
  ) {}

  static async start({
    retraining = {},
    incidents = [],
    redisUrl,
    patience,
  }: RunningSystemOptions): Promise<RunningSystem> {
    const folder = reachableFolder('routewarden-running');
    const scenario = { seed: 7, historyHours: HISTORY_HOURS, liveHours: 8, driftHours: 0, incidents };
    const feed = new RisLiveServer({ world: worldOf(demoScenario(STORY_START, scenario)), logger: QUIET });
    const port = await freePort();
    const settings = settingsSchema.parse({
      dataDirectory: join(folder, 'data'),
      artifactDirectory: join(folder, 'artifacts'),
      redisUrl,
      queuePrefix: 'routewarden-running',
      streams: [{ name: STREAM }],
      feed: { clock: 'feed', url: await feed.listen() },
      driftCheckIntervalSeconds: 1,
      retraining: { trainingDays: 1, heldBackMinutes: 240, jitterSeconds: 0, ...retraining },
      dashboard: { port, live: false },
    });
    const signal = AbortSignal.timeout(patience);
    const { system, pool, pipeline } = await start(settings, signal);
    return new RunningSystem(folder, settings, feed, system, pool, pipeline, `http://127.0.0.1:${port}`, signal);
  }

  /** Stops it and starts it again on its data, with other settings. */
  async restart(changed: Pick<Settings, 'redisUrl'>): Promise<void> {
    await this.pool.end();
    await this.system.stop();
    this.settings = { ...this.settings, ...changed };
    Object.assign(this, await start(this.settings, this.patience));
  }

  /** Plays the history and waits for the first version of each kind, if it has not yet. */
  async learn(): Promise<void> {
    if (this.#learnt) return;
    this.#learnt = true;
    await this.pipeline.until('the collector', 60, async () => this.feed.state.subscribers > 0);
    await this.feed.playUntil(this.at + GRACE_MINUTES);
    await this.pipeline.until('the first models', 120, async () =>
      Object.values(await this.pipeline.activations()).every((activations) => activations === 1),
    );
    await this.pipeline.until('the first round to end', 60, () => this.pipeline.checked());
  }

  /** Plays so many minutes more, and waits for their verdicts. */
  async play(minutes: number): Promise<void> {
    await this.pipeline.until('the collector', 60, async () => this.feed.state.subscribers > 0);
    await this.playUnheard(minutes);
    const last = this.next - 1;
    await this.pipeline.until(`the features of minute ${last}`, 60, () => this.pipeline.featuresReach(last));
    await this.pipeline.until(`the verdicts of minute ${this.at}`, 60, () => this.pipeline.judged());
  }

  /** Plays so many minutes more, whoever listens. */
  async playUnheard(minutes: number): Promise<void> {
    this.at += minutes;
    await this.feed.playUntil(this.at + GRACE_MINUTES);
  }

  /** What points a command at this system. */
  get environment(): Record<string, string> {
    const { dataDirectory, artifactDirectory, queuePrefix, redisUrl } = this.settings;
    return {
      ROUTEWARDEN_DATA_DIRECTORY: dataDirectory,
      ROUTEWARDEN_ARTIFACT_DIRECTORY: artifactDirectory,
      ROUTEWARDEN_QUEUE_PREFIX: queuePrefix,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    };
  }

  /** The first minute that is not scored yet. */
  get next(): number {
    return this.at + GRACE_MINUTES - 1;
  }

  /** The versions of one kind that scored from a minute on. */
  async served(from: number, kind = 'isolation_forest'): Promise<number[]> {
    return [...new Set(await this.scoredBy(from, kind))].sort((a, b) => a - b);
  }

  /** Version by minute of one kind, from a minute on. */
  async scoredBy(from: number, kind: string): Promise<number[]> {
    const { rows } = await this.pool.query<{ version: number }>(
      `SELECT v.version FROM scores s JOIN model_versions v ON v.id = s.version_id
       WHERE s.kind = $1 AND s.minute >= $2 ORDER BY s.minute`,
      [kind, minuteToDate(from)],
    );
    return rows.map(({ version }) => version);
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.system.stop();
    await this.feed.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function start(settings: Settings, patience: AbortSignal) {
  const system = await System.start({
    settings,
    logger: QUIET,
    onLine: () => {},
    onHopeless: () => {},
    onDatabaseLost: () => {},
  });
  const pool = openPool(system.database.databaseUrl, { name: 'test', onError: () => {} });
  return { system, pool, pipeline: new Pipeline(pool, STREAM, patience) };
}
