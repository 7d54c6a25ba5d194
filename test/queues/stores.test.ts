import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Worker } from 'bullmq';
import { driftCheckSchedule, openDriftCheckQueue } from '../../queues/driftCheck.js';
import { hindranceOf } from '../../queues/hindrance.js';
import { openRetentionQueue, retentionSchedule } from '../../queues/retention.js';
import { enqueueRetrain, openRetrainQueue, RETRAIN, readRetrainPayload } from '../../queues/retrain.js';
import { keepSchedule, makeSchedule } from '../../queues/schedule.js';
import { QueueStore } from '../../queues/store.js';
import { endWithSandbox } from '../../src/services/sandboxReports.js';
import { hungSandbox } from '../../src/services/sandboxStarts.js';
import { openPool } from '../../src/storage/pool.js';
import { takeBackFutureTimes } from '../../src/storage/queueSchema.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startRedis, type TestRedis } from '../support/redis.js';

const NOW = { priority: 1, delayMilliseconds: 0 };
const MANUAL = { kind: 'manual', actor: 'test' } as const;

let folder: string;
let database: TestDatabase;
let redis: TestRedis | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-queues-'));
  database = await openTestDatabase();
  redis = await startRedis();
}, 60_000);
afterAll(async () => {
  await redis?.stop();
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});

/**
 * A fetch that fails by the store's fault is tried again by BullMQ after up to 15 s, and a job that it had taken is given
 * back after 60 s: only what takes longer than both is a fault of ours.
 */
const HEALED_MILLISECONDS = 90_000;

async function until(reached: () => Promise<boolean>): Promise<void> {
  // Some tests set the clock.
  for (const began = performance.now(); !(await reached()); ) {
    if (performance.now() > began + HEALED_MILLISECONDS)
      throw new Error(`waited ${HEALED_MILLISECONDS / 1000} s in vain`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

describe.each(['postgres', 'redis'] as const)('queues on %s', (kind) => {
  const onStore = (name: string, work: (store: QueueStore) => Promise<void>) =>
    test(name, async () => {
      if (kind === 'redis' && redis === null) return;
      const errors: Error[] = [];
      const store = new QueueStore(
        {
          databaseUrl: database.url,
          redisUrl: kind === 'redis' ? redis!.url : undefined,
          queuePrefix: `t${name.length}-${kind}`,
        },
        (error) => errors.push(error),
      );
      await store.prepare();
      try {
        expect(store.kind).toBe(kind);
        await work(store);
      } catch (error) {
        throw new AggregateError(
          [error, ...errors],
          `${(error as Error).message}; the store said ${errors.join(', ')}`,
        );
      } finally {
        await store.close();
      }
    }, 120_000);

  onStore(
    'a queue that somebody paused or slowed down says so, and a changed interval is taken back',
    async (store) => {
      const queue = openDriftCheckQueue(store);
      expect(await hindranceOf(queue)).toBeNull();
      await queue.pause();
      expect(await hindranceOf(queue)).toContain('paused');
      await queue.resume();
      await queue.setGlobalRateLimit(1, 86_400_000);
      expect(await hindranceOf(queue)).toContain('rate limit');
      await queue.removeGlobalRateLimit();
      await queue.setGlobalConcurrency(5);
      expect(await hindranceOf(queue)).toBeNull();

      const schedule = driftCheckSchedule(60);
      await makeSchedule(queue, schedule);
      expect(await keepSchedule(queue, schedule)).toBe(false);
      await queue.upsertJobScheduler(schedule.id, { every: 1 });
      expect(await keepSchedule(queue, schedule)).toBe(true);
      expect(Number((await queue.getJobScheduler(schedule.id))?.every)).toBe(60_000);
      expect(await keepSchedule(queue, schedule)).toBe(false);
    },
  );

  onStore('a model has one retraining at a time, and may be asked for again when that is over', async (store) => {
    const queue = openRetrainQueue(store);
    const ask = () => enqueueRetrain(queue, { modelKey: 'lstm@rrc00', trigger: MANUAL }, NOW);
    const first = await ask();
    expect(first.isNew).toBe(true);
    expect(await ask()).toEqual({ jobId: first.jobId, run: first.run, isNew: false });
    const other = await enqueueRetrain(queue, { modelKey: 'heuristic@rrc00', trigger: MANUAL }, NOW);
    expect(other.isNew).toBe(true);
    const trained: string[] = [];
    store.worker<{ modelKey: string }, string>(
      RETRAIN,
      async (job) => {
        trained.push(job.data.modelKey);
        return 'done';
      },
      { concurrency: 1 },
    );
    await until(
      async () => trained.length === 2 && ((await (await queue.getJob(first.jobId))?.isCompleted()) ?? false),
    );
    expect(trained.sort()).toEqual(['heuristic@rrc00', 'lstm@rrc00']);
    expect((await ask()).isNew).toBe(true);
    // else it may be there still in the next test, whose store on PostgreSQL is the same
    await until(async () => trained.length === 3);
  });

  onStore('a payload that is wrong is refused in words, before it is queued and when it is taken', async (store) => {
    const queue = openRetrainQueue(store);
    await expect(
      enqueueRetrain(queue, { modelKey: 'forest@rrc00' as 'lstm@rrc00', trigger: MANUAL }, NOW),
    ).rejects.toThrow(/KIND@STREAM/);
    expect(await queue.count()).toBe(0);

    // Bull Board's "add job" goes past the producer.
    const nonsense = [{ modelKey: 7 }, { modelKey: 'lstm@rrc00' }, { trigger: 'x', extra: [1] }, 'text', null, []];
    const jobs = await Promise.all(nonsense.map((data) => queue.add('retrain', data as never)));
    const good = await queue.add('retrain', { modelKey: 'lstm@rrc00', trigger: MANUAL });
    store.worker<unknown, string>(RETRAIN, async (job) => readRetrainPayload(job.data).modelKey, { concurrency: 1 });
    await until(async () => (await (await queue.getJob(good.id!))?.isCompleted()) ?? false);
    for (const job of jobs) {
      const ended = await queue.getJob(job.id!);
      expect(await ended!.isFailed()).toBe(true);
      expect(ended!.failedReason).toMatch(/modelKey|trigger|expected/i);
    }
  });

  onStore('the schedules run again and again, and are there once however often they are made', async (store) => {
    const queue = openDriftCheckQueue(store);
    let checks = 0;
    await makeSchedule(queue, driftCheckSchedule(0.3));
    await makeSchedule(queue, driftCheckSchedule(0.3));
    await makeSchedule(openRetentionQueue(store), retentionSchedule(30));
    store.worker(
      queue.name,
      async () => {
        checks++;
      },
      {},
    );
    await until(async () => checks >= 3);
    expect(await queue.getJobSchedulersCount()).toBe(1);
  });

  onStore('a schedule whose interval is shortened keeps to it when a round is late', async (store) => {
    const queue = openDriftCheckQueue(store);
    await makeSchedule(queue, driftCheckSchedule(86_400));
    const schedule = driftCheckSchedule(0.3);
    await makeSchedule(queue, schedule);
    await new Promise((done) => setTimeout(done, 700));
    let checks = 0;
    const worker = store.worker(queue.name, async () => void (checks += 1), {});
    await until(async () => checks >= 1);
    const { next } = (await queue.getJobScheduler(schedule.id))!;
    expect(next).toBeLessThan(Date.now() + 1_000);
    await until(async () => checks >= 3);
    await worker.close();
  });

  onStore('a schedule that is gone, or planned by a clock that was a day ahead, is made anew', async (store) => {
    const queue = openDriftCheckQueue(store);
    const schedule = driftCheckSchedule(0.3);
    await queue.removeJobScheduler(schedule.id);
    expect(await keepSchedule(queue, schedule)).toBe(true);
    expect(await keepSchedule(queue, schedule)).toBe(false);
    const real = Date.now;
    let checks = 0;
    Date.now = () => real() + 86_400_000;
    const worker = store.worker(queue.name, async () => void (checks += 1), {});
    await until(async () => checks >= 2);
    Date.now = real;
    await until(async () => ((await queue.getJobScheduler(schedule.id))?.next ?? 0) > real() + 80_000_000);
    const before = checks;
    expect(await keepSchedule(queue, schedule)).toBe(true);
    await until(async () => checks >= before + 3);
    expect(await queue.getJobSchedulersCount()).toBe(1);
    await worker.close();
  });

  onStore('a processor in a process of its own reports progress, logs and its end', async (store) => {
    const file = join(folder, `sandbox-${kind}.mjs`);
    await writeFile(
      file,
      `export default async function (job) {
         if (job.data.fail) throw new Error('no minutes to train on');
         await job.updateProgress({ fraction: 0.5 });
         await job.log('half');
         return { pid: process.pid };
       }`,
    );
    const queue = store.queue<{ fail: boolean }>('sandboxed');
    const worker: Worker = store.worker('sandboxed', file, { concurrency: 1 });
    const good = await queue.add('train', { fail: false });
    const bad = await queue.add('train', { fail: true });
    await until(async () => (await (await queue.getJob(bad.id!))?.isFailed()) ?? false);
    const done = (await queue.getJob(good.id!))!;
    expect(done.returnvalue.pid).not.toBe(process.pid);
    expect(done.progress).toEqual({ fraction: 0.5 });
    expect((await queue.getJobLogs(good.id!)).logs).toEqual(['half']);
    expect((await queue.getJob(bad.id!))!.failedReason).toBe('no minutes to train on');
    await worker.close();
  });

  onStore('a sandbox that is killed while it loads is noticed, and none that began is', async (store) => {
    const file = join(folder, `loading-${kind}.mjs`);
    const once = join(folder, `killed-${kind}`);
    await writeFile(
      file,
      `import { existsSync, writeFileSync } from 'node:fs';
       if (!existsSync(${JSON.stringify(once)})) {
         writeFileSync(${JSON.stringify(once)}, '');
         process.kill(process.pid, 'SIGKILL');
       }
       export default async function (job) {
         await job.updateProgress({ fraction: 0 });
         await new Promise((done) => setTimeout(done, 4_000));
         return 'trained';
       }`,
    );
    const options = { concurrency: 1, lockDuration: 1_000, stalledInterval: 500, maxStalledCount: 2 };
    const queue = store.queue<Record<string, never>>('loading');
    const hanging = store.worker('loading', file, { ...options, skipLockRenewal: true });
    const noticed = hungSandbox(hanging, 3_000);
    const job = await queue.add('train', {});
    await expect(noticed).rejects.toThrow(`the sandbox of job ${job.id} did not begin within 3 s`);
    await hanging.close(true);
    let isHung = false;
    const next = store.worker('loading', file, options);
    hungSandbox(next, 3_000).catch(() => (isHung = true));
    await until(async () => (await (await queue.getJob(job.id!))?.isCompleted()) ?? false);
    expect((await queue.getJob(job.id!))!.returnvalue).toBe('trained');
    expect(isHung).toBe(false);
    await next.close();
  });

  onStore('a job that the store has lost while its sandbox worked leaves its result to no other', async (store) => {
    const file = join(folder, `reporting-${kind}.mjs`);
    await writeFile(
      file,
      `import { setTimeout as sleep } from 'node:timers/promises';
export default async (job) => {
  await job.updateProgress({ state: 'starting' });
  await sleep(1_500);
  await job.updateProgress({ state: 'half' });
  await sleep(1_500);
  return job.data.name;
};`,
    );
    const queue = store.queue<{ name: string }>('reporting');
    const worker = store.worker('reporting', file, { concurrency: 1 });
    const refused: string[] = [];
    endWithSandbox(worker, (job, error) => refused.push(`${job.data.name}: ${error.message}`));
    let began = 0;
    worker.on('progress', () => began++);
    await queue.add('train', { name: 'first' }, { jobId: 'a' });
    await until(async () => began > 0);
    await queue.obliterate({ force: true }); // as FLUSHALL does, in both stores
    const second = await queue.add('train', { name: 'second' }, { jobId: 'b' });
    const state = async () => (await queue.getJob(second.id!))?.getState();
    await until(async () => ['completed', 'failed'].includes((await state()) ?? ''));
    expect(await state()).toBe('completed');
    expect((await queue.getJob(second.id!))!.returnvalue).toBe('second');
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/^first: /);
    await worker.close();
  });

  onStore('a job whose worker was killed is taken over by another', async (store) => {
    const queue = store.queue<Record<string, never>>('stalling');
    const options = { concurrency: 1, lockDuration: 1_000, stalledInterval: 500, maxStalledCount: 2 };
    const file = join(folder, `dying-${kind}.mjs`);
    // The lock of a worker that no longer renews it runs out, as after kill -9.
    // Its process ends by itself, so that it does not outlive the tests.
    await writeFile(file, 'export default () => new Promise(() => setTimeout(() => process.exit(1), 8_000));');
    const dying = store.worker('stalling', file, { ...options, skipLockRenewal: true });
    const job = await queue.add('train', {});
    await until(async () => (await (await queue.getJob(job.id!))?.isActive()) ?? false);
    await dying.close(true);
    store.worker('stalling', async () => 'taken over', options);
    await until(async () => (await (await queue.getJob(job.id!))?.isCompleted()) ?? false);
    expect((await queue.getJob(job.id!))!.returnvalue).toBe('taken over');
  });
});

test('a job that was taken by a clock a day ahead is taken over when its worker was killed', async () => {
  const store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'ahead' }, () => {});
  const pool = openPool(database.url, { name: 'test', onError: () => {} });
  const real = Date.now;
  try {
    const queue = store.queue<Record<string, never>>('ahead');
    const options = { concurrency: 1, lockDuration: 1_000, stalledInterval: 300, maxStalledCount: 2 };
    Date.now = () => real() + 86_400_000;
    let isTaken = false;
    const dying = store.worker(
      'ahead',
      async () => {
        isTaken = true;
        await new Promise((done) => setTimeout(done, 8_000).unref());
      },
      { ...options, skipLockRenewal: true },
    );
    const job = await queue.add('train', {});
    const looks = "SELECT 1 FROM bullmq.meta WHERE field = 'stalled-check' AND queue LIKE '%ahead%'";
    await until(async () => isTaken && (await pool.query(looks)).rowCount === 1);
    await dying.close(true);
    Date.now = real;
    store.worker('ahead', async () => 'taken over', options);
    await new Promise((done) => setTimeout(done, 2_000));
    expect(await (await queue.getJob(job.id!))!.isActive()).toBe(true);
    expect(await takeBackFutureTimes(pool)).toBeGreaterThanOrEqual(2);
    expect(await takeBackFutureTimes(pool)).toBe(0);
    await until(async () => (await (await queue.getJob(job.id!))?.isCompleted()) ?? false);
    expect((await queue.getJob(job.id!))!.returnvalue).toBe('taken over');
  } finally {
    Date.now = real;
    await store.close();
    await pool.end();
  }
}, 60_000);

test('a store that cannot be reached is named, with what to do', async () => {
  const nowhere = new QueueStore(
    { databaseUrl: database.url, redisUrl: 'redis://127.0.0.1:1', queuePrefix: 'x' },
    () => {},
  );
  await expect(nowhere.prepare()).rejects.toThrow(/cannot reach Redis at REDIS_URL .*check the URL/);
  await nowhere.close();
});
