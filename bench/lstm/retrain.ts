import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { enqueueRetrain, openRetrainQueue } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { settingsSchema } from '../../src/config/settings.js';
import type { FeatureBlock } from '../../src/features/row.js';
import { emptyEvidence } from '../../src/features/row.js';
import { seededRandom } from '../../src/random/sfc32.js';
import { System } from '../../src/services/system.js';
import { insertFeatures } from '../../src/storage/features.js';
import { openPool } from '../../src/storage/pool.js';
import { runHistory } from '../../src/storage/retrainRuns.js';
import { listServices } from '../../src/storage/services.js';
import type { BenchResult } from '../result.js';
import { lessIsBetter } from './result.js';

const STREAM = 'bench';
const COLUMNS = 37;
const FIRST_MINUTE = Date.UTC(2026, 0, 5) / 60_000;
const ENDS = ['published', 'held', 'rejected', 'failed'];
/** As workers/trainer.ts and src/services/service.ts have them. */
const LOCK_SECONDS = 30;
const HEARTBEAT_SECONDS = 2;

/** What one retrain of the running system showed. */
interface Retrain {
  /** From the job's enqueueing to the end of its run. */
  seconds: number;
  windows: number;
  /** Highest resident size of the training process. */
  megabytes: number;
  /** Longest time between two heartbeats of the trainer that holds the job. */
  heartbeatSeconds: number;
  /** Least time that the job's lock had left. */
  lockSeconds: number;
}

/**
 * The whole way of a retrain as users run it: own PostgreSQL, job queue, trainer, sandboxed training, validation gate,
 * published version; then once more with the first version as its warm start.
 */
export async function retrain(folder: string, quick: boolean): Promise<BenchResult[]> {
  // The held-back half day and the newest cap leave just over 50,000 windows to train on.
  const minutes = quick ? 6_000 : 51_900;
  mkdirSync(folder, { recursive: true });
  for (const path of [dirname(folder), folder]) chmodSync(path, 0o711); // as root, PostgreSQL runs as another user
  const settings = settingsSchema.parse({
    dataDirectory: join(folder, 'data'),
    artifactDirectory: join(folder, 'artifacts'),
    streams: [{ name: STREAM }],
    retraining: { trainingDays: 60, jitterSeconds: 0 },
  });
  const system = await System.start({
    settings,
    logger: pino({ level: 'silent' }),
    services: ['trainer'],
    onLine: (_, line) => {
      if (/"level":(50|60)/.test(line)) console.error(line);
    },
    onHopeless: (_, reason) => console.error(reason),
    onDatabaseLost: (code) => console.error(`the database ended: ${code}`),
  });
  const { databaseUrl } = system.database;
  const onError = (error: Error): void => console.error(error.message);
  const pool = openPool(databaseUrl, { name: 'bench', onError });
  const store = new QueueStore({ ...settings, databaseUrl }, onError);
  try {
    await insertBlock(pool, minutes);
    const cold = await watchedRetrain(system, pool, store);
    const warm = await watchedRetrain(system, pool, store);
    const worst = (pick: (run: Retrain) => number, of: (...values: number[]) => number): number =>
      of(pick(cold), pick(warm));
    return [
      lessIsBetter(`full retrain, ${cold.windows} windows, job to published`, cold.seconds, 90, 'limit', 's', '< 90'),
      lessIsBetter(`warm retrain, ${warm.windows} windows, job to published`, warm.seconds, 30, 'limit', 's', '< 30'),
      lessIsBetter(
        'peak resident memory of the training process',
        worst((run) => run.megabytes, Math.max),
        500,
        'limit',
        'MB',
        '< 500',
      ),
      lessIsBetter(
        `longest time between two heartbeats of the trainer, due every ${HEARTBEAT_SECONDS} s`,
        worst((run) => run.heartbeatSeconds, Math.max),
        2 * HEARTBEAT_SECONDS,
        'one beat missed',
        's',
        'ratio > 1',
      ),
      lessIsBetter(
        `longest age of the job's lock, renewed every ${LOCK_SECONDS / 2} s`,
        LOCK_SECONDS - worst((run) => run.lockSeconds, Math.min),
        LOCK_SECONDS,
        'lock lost',
        's',
        'ratio > 1',
      ),
    ];
  } finally {
    await store.close();
    await pool.end();
    await system.stop();
  }
}

async function watchedRetrain(system: System, pool: Pool, store: QueueStore): Promise<Retrain> {
  const queue = openRetrainQueue(store);
  const modelKey = `lstm@${STREAM}` as const;
  const began = performance.now();
  const { jobId, run } = await enqueueRetrain(
    queue,
    { modelKey, trigger: { kind: 'manual', actor: 'bench' }, seed: 1 },
    { priority: 1, delayMilliseconds: 0 },
  );
  const seen = { seconds: 0, megabytes: 0, heartbeatSeconds: 0, lockSeconds: LOCK_SECONDS };
  for (;;) {
    const last = (await runHistory(pool, run)).at(-1);
    seen.seconds = (performance.now() - began) / 1000;
    if (last !== undefined && ENDS.includes(last.state)) {
      if (last.state !== 'published') throw new Error(`the retrain was ${last.state}: ${JSON.stringify(last.detail)}`);
      return { ...seen, windows: await windowsOf(pool) };
    }
    const trainer = (await listServices(pool)).find(({ name }) => name === 'trainer');
    seen.heartbeatSeconds = Math.max(seen.heartbeatSeconds, trainer?.heartbeatAge ?? 0);
    seen.megabytes = Math.max(seen.megabytes, peakOfChildren(system.supervisor.pidOf('trainer')));
    seen.lockSeconds = Math.min(seen.lockSeconds, await lockLeft(pool, jobId));
    await sleep(50);
  }
}

/** Windows that the newest version was trained on, from its artifact. */
async function windowsOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: Buffer }>(
    `SELECT bytes FROM model_files WHERE name = 'model.json' ORDER BY version_id DESC LIMIT 1`,
  );
  return JSON.parse(String(rows[0]!.bytes)).userDefinedMetadata.training.windows;
}

/** Seconds until the job's lock runs out, as the queue's own table has it. */
async function lockLeft(pool: Pool, jobId: string): Promise<number> {
  const { rows } = await pool.query<{ until: number | null }>(
    `SELECT locked_until_ms AS until FROM bullmq.job WHERE id = $1 AND state = 'active'`,
    [jobId],
  );
  const until = rows[0]?.until;
  return until == null ? LOCK_SECONDS : (until - Date.now()) / 1000;
}

/** Highest VmHWM of the processes that a process started, megabytes; 0 where there is no /proc. */
function peakOfChildren(pid: number | undefined): number {
  let peak = 0;
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ')) {
        if (child === '') continue;
        const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child}/status`, 'utf8'));
        peak = Math.max(peak, Number(line?.[1] ?? 0) / 1024);
      }
    }
  } catch {
    return peak; // a process ended while it was looked at
  }
  return peak;
}

async function insertBlock(pool: Pool, rows: number): Promise<void> {
  const block = ordinaryBlock(rows);
  const evidence = emptyEvidence();
  for (let first = 0; first < rows; first += 2_000) {
    const count = Math.min(2_000, rows - first);
    await insertFeatures(
      pool,
      Array.from({ length: count }, (_, i) => ({
        stream: STREAM,
        minute: block.minutes[first + i]!,
        kind: 'observed' as const,
        values: block.values.subarray((first + i) * COLUMNS, (first + i + 1) * COLUMNS),
        evidence,
      })),
    );
  }
}

/** Minutes whose counts swing slowly and scatter, all alike from the first to the last. */
function ordinaryBlock(rows: number): FeatureBlock {
  const random = seededRandom(1);
  const values = new Float32Array(rows * COLUMNS);
  for (let i = 0; i < values.length; i++) {
    const row = Math.floor(i / COLUMNS);
    values[i] = Math.floor(80 * (1.2 + Math.sin(row / 230 + (i % COLUMNS))) * (0.5 + random()));
  }
  const minutes = Int32Array.from({ length: rows }, (_, r) => FIRST_MINUTE + r);
  return { minutes, values, columns: COLUMNS, usable: new Uint8Array(rows).fill(1) };
}
