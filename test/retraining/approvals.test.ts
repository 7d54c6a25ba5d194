import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { pino } from 'pino';
import { type ApprovalPayload, openApprovalQueue } from '../../queues/approval.js';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { settingsSchema } from '../../src/config/settings.js';
import type { ModelKey } from '../../src/models/model.js';
import { approvalModeOf } from '../../src/retraining/approval.js';
import { ApprovalDesk, NothingWaits } from '../../src/retraining/approvalDesk.js';
import { DRIFT_MONITOR, DriftMonitor } from '../../src/retraining/driftMonitor.js';
import { requestRetrain } from '../../src/retraining/request.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { approvals } from '../../src/storage/approvals.js';
import { writeCursor } from '../../src/storage/cursors.js';
import { START } from '../drift/seededStream.js';
import { DAY, serveStream } from '../drift/servedStream.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const QUIET = pino({ level: 'silent' });
let database: TestDatabase;
let store: QueueStore;
let queue: Queue<RetrainPayload>;
let listed: Queue<ApprovalPayload>;
let directory: string;
let key: ModelKey;

beforeAll(async () => {
  database = await openTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'routewarden-approvals-'));
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: 'approvals' }, () => {});
  await store.prepare();
  queue = openRetrainQueue(store);
  listed = openApprovalQueue(store);
  key = await serveStream(database.pool, 'changed', 1.4);
}, 120_000);
afterAll(async () => {
  await store?.close();
  await database?.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await queue.obliterate({ force: true });
  await listed.obliterate({ force: true });
  await database.pool.query(
    `TRUNCATE approvals, audit, drift_reports; DELETE FROM retrain_runs WHERE run NOT LIKE 'first %'`,
  );
});

const settingsWith = (retraining: Record<string, unknown>) =>
  settingsSchema.parse({
    artifactDirectory: directory,
    streams: [{ name: 'changed' }],
    retraining: { regimeMinutes: 0, coolDownMinutes: 600, trainingDays: 30, jitterSeconds: 0, ...retraining },
  });

/** The stream has drifted, and its monitor looks. */
async function drifted(retraining: Record<string, unknown>) {
  const settings = settingsWith(retraining);
  await writeCursor(database.pool, DRIFT_MONITOR, 'changed', START + 10 * DAY - 60);
  await new DriftMonitor({ pool: database.pool, queue, settings, logger: QUIET }).check();
  return {
    settings: settings.retraining,
    desk: new ApprovalDesk({ pool: database.pool, queue, settings: settings.retraining }),
  };
}

const jobs = async () => (await queue.getJobs(['waiting', 'delayed', 'prioritized'])).map(({ data }) => data);
const audit = async () =>
  (await database.pool.query('SELECT actor, action, target, detail FROM audit ORDER BY id')).rows;

test('a drifted model waits with its report, and is trained for that drift once it is approved', async () => {
  const { desk } = await drifted({ approval: 'drift' });
  expect(await jobs()).toEqual([]);
  const [waiting] = await approvals(database.pool, { waiting: true });
  expect(waiting).toMatchObject({ modelKey: key, state: 'waiting', onExpiry: 'decline' });
  expect(waiting!.reason).toMatch(/^a lasting change/);
  await desk.show(listed);
  const [shown] = await listed.getDelayed();
  expect(shown!.data).toMatchObject({
    model: key,
    reason: waiting!.reason,
    report: { outcome: 'drifted', model: key },
  });

  const { job } = await desk.decide(key, { approve: true, actor: 'alice', reason: 'a new peer' });
  expect(await jobs()).toEqual([
    expect.objectContaining({ modelKey: key, trigger: expect.objectContaining({ kind: 'drift' }) }),
  ]);
  expect((await queue.getJob(job!))?.data.trigger).toMatchObject({ kind: 'drift', reportId: expect.any(Number) });
  expect(await audit()).toMatchObject([
    { actor: 'drift monitor', action: 'ask for approval', target: key },
    { actor: 'alice', action: 'approve retraining', target: key, detail: { reason: 'a new peer' } },
  ]);
  await desk.show(listed);
  expect(await listed.getDelayed()).toEqual([]);
  await expect(desk.decide(key, { approve: true, actor: 'bob', reason: 'too late' })).rejects.toThrow(NothingWaits);
});

test('one that is declined is not asked for again before the cool-down is over', async () => {
  const { desk, settings } = await drifted({ approval: 'drift' });
  await desk.decide(key, { approve: false, actor: 'alice', reason: 'maintenance' });
  const payload = (await approvals(database.pool))[0]!.payload as RetrainPayload;
  expect(await requestRetrain(database.pool, queue, payload, settings)).toEqual({
    admitted: false,
    reason: expect.stringContaining('declined: asked for again in'),
  });
  expect(await jobs()).toEqual([]);
  expect((await audit()).at(-1)).toMatchObject({
    actor: 'alice',
    action: 'decline retraining',
    detail: { reason: 'maintenance' },
  });
  const again = await requestRetrain(database.pool, queue, payload, { ...settings, coolDownMinutes: 0 });
  expect(again).toEqual({ admitted: false, reason: expect.stringContaining('routewarden approvals approve') });
  expect(await approvals(database.pool, { waiting: true })).toHaveLength(1);
});

test.each([
  ['approve', 'approved', 1],
  ['decline', 'declined', 0],
] as const)('nobody decides: the default is to %s', async (approvalDefault, state, queued) => {
  const { desk } = await drifted({ approval: 'drift', approvalDefault, approvalHours: 1e-6 });
  // The database's clock has passed the thousandth of a second by the time of the look.
  await database.pool.query('SELECT pg_sleep(0.05)');
  await desk.look(QUIET);
  const [row] = await approvals(database.pool);
  expect(row).toMatchObject({ state, expired: true, decidedBy: 'expiry' });
  expect(await jobs()).toHaveLength(queued);
  expect((await audit()).at(-1)).toMatchObject({ actor: 'expiry', detail: { expired: true } });
  expect(await desk.look(QUIET)).toBe(0);
});

test('one whose approver died before it was queued is queued by the monitor', async () => {
  const { desk } = await drifted({ approval: 'drift' });
  await database.pool.query(
    `UPDATE approvals SET state = 'approved', decided_at = now(), decided_by = 'alice' WHERE state = 'waiting'`,
  );
  await desk.look(QUIET);
  expect(await jobs()).toHaveLength(1);
  expect((await approvals(database.pool))[0]!.run).not.toBeNull();
});

test('promoted in the list of Bull Board, it is approved; removed from it, it comes back', async () => {
  const { desk } = await drifted({ approval: 'drift' });
  await desk.show(listed);
  await (await listed.getDelayed())[0]!.remove();
  await desk.show(listed);
  const [job] = await listed.getDelayed();
  const worker = store.worker<ApprovalPayload, string>('approvals', (due) => desk.due(due.data.approval), {});
  const done = new Promise((resolve) => worker.on('completed', (_job, result) => resolve(result)));
  await job!.promote();
  expect(await done).toBe('approved');
  await worker.close();
  expect(await jobs()).toHaveLength(1);
  expect((await audit()).at(-1)).toMatchObject({ actor: 'operator (Bull Board)', action: 'approve retraining' });
});

test('a person who retrains by hand has approved what waited', async () => {
  const { settings } = await drifted({ approval: 'drift' });
  const manual: RetrainPayload = { modelKey: key, trigger: { kind: 'manual', actor: 'carol' } };
  expect(await requestRetrain(database.pool, queue, manual, settings)).toMatchObject({ admitted: true });
  expect(await approvals(database.pool)).toMatchObject([{ state: 'approved', decidedBy: 'carol' }]);
});

describe('which wait', () => {
  test('by default none', async () => {
    await drifted({});
    expect(await jobs()).toHaveLength(1);
    expect(await approvals(database.pool)).toEqual([]);
  });

  test('a model goes before its kind, and that before all', () => {
    const settings = retrainingSettings.parse({
      approval: 'all',
      approvalFor: { lstm: 'drift', 'lstm@rrc00': 'automatic' },
    });
    expect(approvalModeOf('lstm@rrc00', settings)).toBe('automatic');
    expect(approvalModeOf('lstm@rrc01', settings)).toBe('drift');
    expect(approvalModeOf('heuristic@rrc00', settings)).toBe('all');
    expect(retrainingSettings.safeParse({ approvalFor: { forest: 'drift' } }).success).toBe(false);
  });

  test('with "all" the first one too, with "drift" not', async () => {
    const first: RetrainPayload = { modelKey: 'lstm@changed', trigger: { kind: 'first' } };
    const all = settingsWith({ approval: 'all' }).retraining;
    expect(await requestRetrain(database.pool, queue, first, all)).toMatchObject({ admitted: false });
    const drift = settingsWith({ approval: 'drift' }).retraining;
    expect(await requestRetrain(database.pool, queue, first, drift)).toMatchObject({ admitted: true });
  });
});
