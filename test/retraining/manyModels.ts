import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { type ModelActs, modelActs } from '../../src/acts/models.js';
import { type Settings, settingsSchema } from '../../src/config/settings.js';
import type { AnyModelKind } from '../../src/models/kinds.js';
import type { ModelKey } from '../../src/models/model.js';
import { modelKey } from '../../src/models/modelKey.js';
import { recordVersion } from '../../src/registry/publish.js';
import { requestRetrain } from '../../src/retraining/request.js';
import { serviceEnvironment, serviceSettings } from '../../src/services/launch.js';
import { acquireLease, releaseLease } from '../../src/storage/leases.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { streamHistory } from '../../src/storage/streamHistory.js';
import { START, writeFeatures } from '../drift/seededStream.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

export interface ManyModelsOptions {
  kinds: readonly AnyModelKind[];
  streams: number;
  /** Minutes of history of each stream. */
  minutes: number;
  redisUrl?: string | undefined;
  queuePrefix: string;
  /** Over the defaults of `retraining`. */
  retraining: Record<string, unknown>;
}

/** What became of the models' second versions. */
export interface Outcome {
  models: number;
  /** Models that published anything but one second version, or trained it more than once. */
  notOnce: string[];
  /** Most trainings at a time, by their rows in the history, in which each is a little shorter than its lease. */
  mostAtOnce: number;
  /** Trainer processes (as lease holders) that trained at least one model, and how many each trained. */
  byWorker: number[];
}

/**
 * Hundreds of models that serve, their streams' minutes, and trainers as processes of their own that know nothing of each
 * other but the two URLs.
 */
export class ManyModels {
  readonly keys: ModelKey[];
  private readonly trainers: ChildProcess[] = [];

  private constructor(
    private readonly database: TestDatabase,
    readonly pool: Pool,
    readonly settings: Settings,
    private readonly queues: QueueStore,
    readonly queue: Queue<RetrainPayload>,
    readonly folder: string,
    private readonly options: ManyModelsOptions,
  ) {
    this.keys = options.kinds.flatMap(({ name }) => streamNames(options).map((stream) => modelKey(name, stream)));
  }

  static async open(options: ManyModelsOptions): Promise<ManyModels> {
    const database = await openTestDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'routewarden-many-'));
    const settings = settingsSchema.parse({
      databaseUrl: database.url,
      redisUrl: options.redisUrl,
      queuePrefix: options.queuePrefix,
      dataDirectory: join(folder, 'data'),
      artifactDirectory: join(folder, 'artifacts'),
      logLevel: 'error',
      streams: streamNames(options).map((name) => ({ name })),
      retraining: options.retraining,
    });
    const pool = openPool(database.url, { name: 'test', onError: () => {} });
    const queues = new QueueStore({ ...settings, databaseUrl: database.url }, () => {});
    await queues.prepare();
    const many = new ManyModels(database, pool, settings, queues, openRetrainQueue(queues), folder, options);
    await many.fill();
    return many;
  }

  /** Minutes of every stream, and a first version of every model, published as a trainer does. */
  private async fill(): Promise<void> {
    const { pool, options } = this;
    const until = START + options.minutes;
    const [first, ...others] = streamNames(options);
    await writeFeatures(pool, first!, START, until, { seed: 5 });
    await pool.query(
      `INSERT INTO features (stream, minute, kind, values)
       SELECT name, minute, kind, values FROM features, unnest($2::text[]) AS name WHERE stream = $1`,
      [first, others],
    );
    await pool.query('ANALYZE features');
    const block = await streamHistory(pool).features(first!, START, until);
    for (const kind of options.kinds) {
      const model = await kind.fit(block, { seed: 1, falseAlarmsPerDay: 2 });
      const files = await kind.encode(model);
      for (const stream of streamNames(options)) {
        const key = modelKey(kind.name, stream);
        const lease = (await acquireLease(pool, key, 'test', 60_000))!;
        await recordVersion(pool, {
          lease,
          run: `first ${key}`,
          version: {
            modelKey: key,
            kind: kind.name,
            stream,
            parentId: null,
            state: 'published',
            dataFrom: START,
            dataUntil: until,
            samples: options.minutes,
            seed: 1,
            threshold: kind.threshold(model),
            format: 1,
            codeVersion: 'test',
            metrics: {},
            fencingToken: lease.token,
            lineage: 1,
          },
          files,
          reason: 'first',
          actor: 'test',
          detail: {},
          rescored: [],
        });
        await releaseLease(pool, lease);
      }
    }
    // The first versions are old enough not to cool down.
    await pool.query(`UPDATE retrain_runs SET detail = detail || jsonb_build_object('watermark', $1::integer)`, [
      START - 100_000,
    ]);
  }

  /** Starts trainers, each a process of its own. They are up when the queue sees them. */
  async startTrainers(count: number, extra: Record<string, string> = {}): Promise<ChildProcess[]> {
    const before = await this.queue.getWorkersCount();
    const environment = {
      ...serviceEnvironment(),
      ROUTEWARDEN_SETTINGS: JSON.stringify(serviceSettings(this.settings, this.database.url)),
      ...extra,
    };
    for (let i = 0; i < count; i++)
      this.trainers.push(
        spawn(process.execPath, [join('dist', 'program', 'trainer.js')], {
          env: environment,
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        }),
      );
    await this.until('the trainers', 60, async () => (await this.queue.getWorkersCount()) >= before + count);
    return this.trainers.slice(-count);
  }

  async stopTrainers(): Promise<void> {
    await Promise.all(
      this.trainers.splice(0).map(async (trainer) => {
        if (trainer.exitCode !== null || trainer.signalCode !== null) return;
        trainer.kill('SIGTERM');
        await once(trainer, 'exit');
      }),
    );
  }

  /** Asks for a retraining of each model, as a round of the drift monitor does. @returns how many were admitted */
  async allDrift(keys: readonly ModelKey[] = this.keys): Promise<number> {
    let admitted = 0;
    for (const key of keys) {
      const { admitted: yes } = await requestRetrain(
        this.pool,
        this.queue,
        { modelKey: key, trigger: { kind: 'drift', reportId: 1 }, seed: 2 },
        this.settings.retraining,
      );
      if (yes) admitted += 1;
    }
    return admitted;
  }

  /** A person asks for one model. @returns the job's id */
  async ask(key: ModelKey): Promise<string> {
    return (await this.acts.retrain(key, { actor: 'ada', reason: 'by hand' })).jobId;
  }

  /** What people do to models. */
  get acts(): ModelActs {
    return modelActs({ pool: this.pool, queue: this.queue, settings: this.settings.retraining });
  }

  /** How often a job has come to a state. */
  async reached(job: string, state: string): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM retrain_runs WHERE job_id = $1 AND state = $2',
      [job, state],
    );
    return rows[0]!.count;
  }

  /** Versions and activations of a model. */
  async kept(key: ModelKey): Promise<{ versions: number; activations: number }> {
    const { rows } = await this.pool.query<{ versions: number; activations: number }>(
      `SELECT (SELECT count(*)::integer FROM model_versions WHERE model_key = $1) AS versions,
         (SELECT count(*)::integer FROM activations WHERE model_key = $1) AS activations`,
      [key],
    );
    return rows[0]!;
  }

  /** A person asks for one model. @returns how many others were published while it waited and trained */
  async byHand(key: ModelKey): Promise<number> {
    const before = await this.published();
    await this.ask(key);
    await this.until(`${key}, asked for by hand`, 60, async () => (await this.published([key])) === 1);
    return (await this.published()) - before - 1;
  }

  /** How many second versions were published, of some models or of all. */
  async published(keys: readonly ModelKey[] = this.keys): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM retrain_runs
       WHERE state = 'published' AND run NOT LIKE 'first %' AND model_key = ANY ($1)`,
      [keys],
    );
    return rows[0]!.count;
  }

  /** Trainings that hold a lease this moment. */
  async training(): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM leases WHERE expires_at > clock_timestamp()',
    );
    return rows[0]!.count;
  }

  async until(what: string, seconds: number, reached: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + seconds * 1000; !(await reached()); ) {
      if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}: ${JSON.stringify(await this.states())}`);
      await sleep(50);
    }
  }

  /** How many runs stand in which state, for messages. */
  private async states(): Promise<Record<string, number>> {
    const { rows } = await this.pool.query<{ state: string; count: number }>(
      `SELECT state, count(*)::integer AS count FROM (
         SELECT DISTINCT ON (run) state FROM retrain_runs ORDER BY run, id DESC) last GROUP BY state`,
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  async outcome(keys: readonly ModelKey[] = this.keys): Promise<Outcome> {
    const { rows } = await this.pool.query<{ key: string; trained: number; published: number; versions: number }>(
      `SELECT key, (SELECT count(*)::integer FROM retrain_runs r WHERE r.model_key = key AND r.state = 'training') AS trained,
         (SELECT count(*)::integer FROM activations a WHERE a.model_key = key) AS published,
         (SELECT count(*)::integer FROM model_versions v WHERE v.model_key = key) AS versions
       FROM unnest($1::text[]) AS key`,
      [keys],
    );
    const { rows: spans } = await this.pool.query<{ began: Date; ended: Date }>(
      `SELECT b.at AS began, e.at AS ended FROM retrain_runs b JOIN retrain_runs e ON e.run = b.run AND e.state = 'published'
       WHERE b.state = 'selecting window'`,
    );
    const turns = spans.flatMap(({ began, ended }) => [
      { at: began.getTime(), change: 1 },
      { at: ended.getTime(), change: -1 },
    ]);
    turns.sort((a, b) => a.at - b.at || a.change - b.change);
    let running = 0;
    let mostAtOnce = 0;
    for (const { change } of turns) {
      running += change;
      mostAtOnce = Math.max(mostAtOnce, running);
    }
    const { rows: workers } = await this.pool.query<{ count: number }>(
      `SELECT count(DISTINCT model_key)::integer AS count FROM retrain_runs
       WHERE state = 'waiting for lease' GROUP BY detail->>'holder' ORDER BY 1 DESC`,
    );
    return {
      models: keys.length,
      notOnce: rows
        .filter(({ trained, published, versions }) => trained !== 1 || published !== 2 || versions !== 2)
        .map((row) => JSON.stringify(row)),
      mostAtOnce,
      byWorker: workers.map(({ count }) => count),
    };
  }

  async close(): Promise<void> {
    await this.stopTrainers();
    await this.queues.close();
    await this.pool.end();
    await this.database.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function streamNames({ streams }: ManyModelsOptions): string[] {
  return Array.from({ length: streams }, (_, i) => `s${String(i).padStart(3, '0')}`);
}
