import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kindOf } from '../../src/models/kinds.js';
import type { ModelKey } from '../../src/models/model.js';
import { parseModelKey } from '../../src/models/modelKey.js';
import { takeBackFutureTimes } from '../../src/storage/queueSchema.js';
import { deadLetters } from '../../src/storage/retrainRuns.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { ManyModels } from './manyModels.js';

const LEASE_SECONDS = 4;
const HOUR = 3_600_000;

/** The process that trains for a trainer. */
function sandboxOf(trainer: ChildProcess): number {
  return Number(readFileSync(`/proc/${trainer.pid}/task/${trainer.pid}/children`, 'utf8').trim().split(' ')[0]);
}

/** Declares the tests of one store of the queues; a file each, so that they wait for leases at the same time. */
export function describeExactlyOnce(kind: 'postgres' | 'redis'): void {
  describe(`a retraining is published exactly once, with the queues on ${kind}`, () => {
    let redis: TestRedis | null = null;
    const skipped = () => kind === 'redis' && redis === null;
    let many: ManyModels;
    /** Jobs of this store that a clock ahead has locked are freed, as the drift monitor does. */
    let freeing: NodeJS.Timeout;
    beforeAll(async () => {
      if (kind === 'redis') redis = await startRedis();
      if (skipped()) return;
      many = await ManyModels.open({
        kinds: [kindOf('lstm')],
        streams: 6,
        minutes: 600,
        redisUrl: kind === 'redis' ? redis!.url : undefined,
        queuePrefix: `once-${kind}`,
        retraining: { trainingDays: 0.4, heldBackMinutes: 60, leaseSeconds: LEASE_SECONDS },
      });
      freeing = setInterval(() => {
        if (kind === 'postgres') void takeBackFutureTimes(many.pool).catch(() => undefined);
      }, 1_000);
    }, 120_000);
    afterAll(async () => {
      clearInterval(freeing);
      await many?.close();
      await redis?.stop();
    }, 60_000);

    const training = async (key: ModelKey): Promise<string> => {
      const job = await many.ask(key);
      await many.until(`the training of ${key}`, 60, async () => (await many.reached(job, 'training')) === 1);
      return job;
    };
    const publishes = (key: ModelKey) =>
      many.until(`${key} to be published`, 90, async () => (await many.published([key])) >= 1);
    const once = async (key: ModelKey) => {
      expect(await many.published([key])).toBe(1);
      expect(await many.kept(key)).toEqual({ versions: 2, activations: 2 });
    };

    test('when its trainer is paused, another does its job, and the first wakes late', async () => {
      if (skipped()) return;
      const [paused] = await many.startTrainers(1);
      const key = many.keys[0]!;
      const job = await training(key);
      const sandbox = sandboxOf(paused!);
      process.kill(paused!.pid!, 'SIGSTOP');
      process.kill(sandbox, 'SIGSTOP');
      const [other] = await many.startTrainers(1);
      await publishes(key);
      expect(await many.reached(job, 'training')).toBe(2);
      other!.kill('SIGTERM');
      process.kill(sandbox, 'SIGCONT');
      process.kill(paused!.pid!, 'SIGCONT');
      // It has nothing else to do than this once the late job is off its hands.
      const next = many.keys[1]!;
      await many.ask(next);
      await publishes(next);
      await once(key);
      await once(next);
      await many.stopTrainers();
    }, 200_000);

    test('when only the process that trains is paused until its lease has run out', async () => {
      if (skipped()) return;
      const [trainer] = await many.startTrainers(1);
      const key = many.keys[2]!;
      const job = await training(key);
      const sandbox = sandboxOf(trainer!);
      process.kill(sandbox, 'SIGSTOP');
      await sleep((LEASE_SECONDS + 1) * 1000);
      process.kill(sandbox, 'SIGCONT');
      await publishes(key);
      expect(await many.reached(job, 'failed')).toBeGreaterThanOrEqual(1);
      await once(key);
      await many.stopTrainers();
    }, 200_000);

    test.each([HOUR, -HOUR])(
      'when two trainers’ clocks are apart by %d ms, and one is killed in the middle',
      async (offset) => {
        if (skipped()) return;
        const clock = join(many.folder, 'clock');
        writeFileSync(clock, String(offset));
        const stepped = pathToFileURL(join('dist', 'test', 'chaos', 'steppedClock.js')).href;
        const [off] = await many.startTrainers(1, { NODE_OPTIONS: `--import ${stepped}`, CHAOS_CLOCK_FILE: clock });
        const key = many.keys[offset > 0 ? 3 : 4]!;
        await training(key);
        // The second sees the first one's lock as long run out, or as good for another hour.
        const [right] = await many.startTrainers(1);
        await sleep(1_000);
        off!.kill('SIGKILL');
        await publishes(key);
        expect(right!.exitCode).toBeNull();
        await sleep(500);
        await once(key);
        await many.stopTrainers();
      },
      200_000,
    );

    test('and not at all when a person cancels it, which leaves nothing behind', async () => {
      if (skipped()) return;
      await many.startTrainers(1);
      const key = many.keys[5]!;
      const job = await training(key);
      await many.acts.cancel(key, { actor: 'ada', reason: 'by hand' });
      await many.until(
        'the end of the job',
        30,
        async () => (await (await many.queue.getJob(job))?.isFailed()) ?? false,
      );
      const ended = await many.queue.getJob(job);
      expect([ended!.failedReason, ended!.attemptsMade]).toEqual(['cancelled by ada', 1]);
      expect(await many.reached(job, 'cancelled')).toBe(1);
      expect(await many.kept(key)).toEqual({ versions: 1, activations: 1 });
      expect(await many.training()).toBe(0);
      expect(await deadLetters(many.pool)).toEqual([]);
      const { kind: name, stream } = parseModelKey(key);
      expect(readdirSync(join(many.folder, 'artifacts', name))).not.toContain(stream);
      // One that waits is taken back at once.
      await many.stopTrainers();
      const waiting = await many.ask(key);
      await many.acts.cancel(key, { actor: 'ada', reason: 'by hand' });
      expect(await many.queue.getJob(waiting)).toBeUndefined();
      expect(await many.reached(waiting, 'cancelled')).toBe(1);
      // And it may be asked for again.
      await many.startTrainers(1);
      await many.ask(key);
      await publishes(key);
      await once(key);
      await many.stopTrainers();
    }, 200_000);
  });
}
