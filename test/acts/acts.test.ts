import { userInfo } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Queue } from 'bullmq';
import { pino } from 'pino';
import { type ApprovalPayload, approvalPayload, openApprovalQueue, showWaiting } from '../../queues/approval.js';
import { openRetrainQueue, type RetrainPayload } from '../../queues/retrain.js';
import { QueueStore } from '../../queues/store.js';
import { incidentActs } from '../../src/acts/incidents.js';
import { modelActs } from '../../src/acts/models.js';
import { settingsSchema } from '../../src/config/settings.js';
import { createDashboard } from '../../src/dashboard/server.js';
import { readDashboardSettings } from '../../src/dashboard/settings.js';
import type { ModelKey } from '../../src/models/model.js';
import { askForApproval } from '../../src/storage/approvals.js';
import { acquireLease, releaseLease } from '../../src/storage/leases.js';
import { migrate } from '../../src/storage/migrations.js';
import { countFailure } from '../../src/storage/retrainRuns.js';
import { addIncident, NOW } from '../dashboard/seed.js';
import { publishVersion } from '../registry/trainedVersion.js';
import { routewardenHere } from '../support/command.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const TOKEN = 'a-very-secret-token-of-operators';
const KEY: ModelKey = 'lstm@rrc00';
const settings = settingsSchema.parse({});
const AT_THE_TERMINAL = userInfo().username;
const PATH = `/api/models/${encodeURIComponent(KEY)}`;

let database: TestDatabase;
let store: QueueStore;
let retrain: Queue<RetrainPayload>;
let listed: Queue<ApprovalPayload>;
let server: Awaited<ReturnType<typeof createDashboard>>;
let url: string;
let ada: string;
let runs = 0;

beforeAll(async () => {
  database = await openTestDatabase();
  const { pool } = database;
  // Migrated by the program, as the command line asks for.
  await pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await migrate(database.url, () => {});
  store = new QueueStore({ databaseUrl: database.url, queuePrefix: settings.queuePrefix }, () => {});
  await store.prepare();
  retrain = openRetrainQueue(store);
  listed = openApprovalQueue(store);
  const acts = { ...incidentActs(pool), ...modelActs({ pool, queue: retrain, settings: settings.retraining }) };
  server = await createDashboard({
    pool,
    queues: [retrain, listed],
    queueHelp: {
      [listed.name]: { promote: (data, by) => acts.approve(approvalPayload.parse(data).model as ModelKey, by) },
    },
    settings: readDashboardSettings({ port: 0, token: TOKEN }),
    budget: 6,
    watchRate: settings.retraining.watchRate,
    trainingDays: settings.retraining.trainingDays,
    acts,
    logger: pino({ level: 'silent' }),
    clock: Date,
    pageFolder: new URL('../../page/', import.meta.url),
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
  const answer = await send('POST', '/api/login', { token: TOKEN, name: 'Ada' });
  ada = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  await pool.query(`INSERT INTO streams (name, source) VALUES ('rrc00', '{"kind": "simulated"}')`);
  await addIncident(pool, { from: NOW, until: null, class: 'hijack', severity: 'major', words: 'a test' });
}, 120_000);
afterAll(async () => {
  await server?.close();
  await store?.close();
  await database?.close();
});
beforeEach(async () => {
  await retrain.obliterate({ force: true });
  await database.pool.query(
    'TRUNCATE audit, approvals, retrain_runs, dead_letters, shadows, activations, model_files, model_versions CASCADE',
  );
  await version();
  await version();
  await database.pool.query('TRUNCATE audit');
});

const send = (method: string, path: string, body: unknown = {}) =>
  fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', origin: url, ...(ada !== undefined && { cookie: ada }) },
    body: JSON.stringify(body),
  });
const posted = async (path: string, body?: unknown) => (await send('POST', path, body)).status;
const typed = async (...words: string[]) => (await routewardenHere(words, { DATABASE_URL: database.url })).code;
const audit = async () =>
  (
    await database.pool.query<{ actor: string; action: string; target: string }>(
      'SELECT actor, action, target FROM audit ORDER BY id',
    )
  ).rows;

/** The next version, published as a trainer at its end does. */
async function version(): Promise<void> {
  const lease = await acquireLease(database.pool, KEY, 'test', 60_000);
  const [parent] = (
    await database.pool.query<{ id: number }>('SELECT max(id)::int AS id FROM model_versions WHERE model_key = $1', [
      KEY,
    ])
  ).rows;
  await publishVersion(database.pool, {
    modelKey: KEY,
    lease: lease!,
    run: `run ${++runs}`,
    parentId: parent?.id ?? null,
    dataFrom: 28_990_000,
    dataUntil: 29_000_000,
  });
  await releaseLease(database.pool, lease!);
}
const held = () => database.pool.query(`UPDATE model_versions SET state = 'held' WHERE version = 1`);
const waiting = async () => {
  const { approval } = await askForApproval(database.pool, {
    modelKey: KEY,
    payload: { modelKey: KEY, trigger: { kind: 'drift', reportId: 1 } },
    reason: 'drift',
    hours: 24,
    onExpiry: 'decline',
    watermark: 29_000_000,
    actor: 'drift monitor',
  });
  await database.pool.query('TRUNCATE audit');
  return approval;
};
const queued = async () => {
  await posted(`${PATH}/retrain`);
  await database.pool.query('TRUNCATE audit');
};
const nothing = async () => {};

interface Act {
  act: string;
  before: () => Promise<unknown>;
  do: () => Promise<number | null>;
  row: { actor: string; action: string; target: string };
}
const byAda = (action: string, target: string = KEY) => ({ actor: 'Ada', action, target });
const byTerminal = (action: string, target: string = KEY) => ({ actor: AT_THE_TERMINAL, action, target });
const SILENCE = { class: 'outage', endsAt: '2100-01-01T00:00:00Z', reason: 'maintenance' };

describe('an act leaves one row, of who did it', () => {
  const ON_THE_PAGE: Act[] = [
    { act: 'retrain', before: nothing, do: () => posted(`${PATH}/retrain`), row: byAda('retrain') },
    { act: 'cancel', before: queued, do: () => posted(`${PATH}/cancel`), row: byAda('cancel') },
    {
      act: 'rollback',
      before: nothing,
      do: () => posted(`${PATH}/rollback`, { version: 1 }),
      row: byAda('rollback', `${KEY} 1`),
    },
    {
      act: 'accept',
      before: held,
      do: () => posted(`${PATH}/accept`, { version: 1 }),
      row: byAda('accept', `${KEY} 1`),
    },
    {
      act: 'pin',
      before: nothing,
      do: () => posted(`${PATH}/versions/1/pin`, { pinned: true }),
      row: byAda('pin', `${KEY} 1`),
    },
    {
      act: 'unpin',
      before: nothing,
      do: () => posted(`${PATH}/versions/1/pin`, { pinned: false }),
      row: byAda('unpin', `${KEY} 1`),
    },
    {
      act: 'decline',
      before: waiting,
      do: () => posted(`${PATH}/decline`, { reason: 'maintenance' }),
      row: byAda('decline retraining'),
    },
    {
      act: 'acknowledge',
      before: nothing,
      do: () => posted('/api/incidents/1/acknowledge'),
      row: byAda('acknowledge', 'incident 1'),
    },
    {
      act: 'unacknowledge',
      before: nothing,
      do: () => posted('/api/incidents/1/unacknowledge'),
      row: byAda('unacknowledge', 'incident 1'),
    },
    {
      act: 'note',
      before: nothing,
      do: () => posted('/api/incidents/1/note', { text: 'asked AS64500' }),
      row: byAda('note', 'incident 1'),
    },
    {
      act: 'comment',
      before: nothing,
      do: () => posted('/api/incidents/1/comment', { text: 'AS64500 was called' }),
      row: byAda('comment', 'incident 1'),
    },
    {
      act: 'assign',
      before: nothing,
      do: () => posted('/api/incidents/1/assign', { to: 'Grace' }),
      row: byAda('assign', 'incident 1'),
    },
    {
      act: 'ordinary',
      before: nothing,
      do: () => posted('/api/incidents/1/ordinary', { ordinary: true }),
      row: byAda('ordinary', 'incident 1'),
    },
    {
      act: 'silence',
      before: nothing,
      do: () => posted('/api/silences', SILENCE),
      row: byAda('silence', 'all streams'),
    },
  ];
  test.each(ON_THE_PAGE)('$act on the page', async ({ before, do: act, row }) => {
    await before();
    expect(await act()).toBe(200);
    expect(await audit()).toEqual([row]);
  });

  const AT_THE_COMMAND_LINE: Act[] = [
    { act: 'retrain', before: nothing, do: () => typed('retrain', KEY, '--detach'), row: byTerminal('retrain') },
    { act: 'cancel', before: queued, do: () => typed('retrain', KEY, '--cancel'), row: byTerminal('cancel') },
    { act: 'rollback', before: nothing, do: () => typed('rollback', KEY), row: byTerminal('rollback', `${KEY} 1`) },
    { act: 'accept', before: held, do: () => typed('accept', KEY, '1'), row: byTerminal('accept', `${KEY} 1`) },
    { act: 'pin', before: nothing, do: () => typed('models', 'pin', KEY, '1'), row: byTerminal('pin', `${KEY} 1`) },
    {
      act: 'decline',
      before: waiting,
      do: () => typed('approvals', 'decline', KEY, '--reason', 'maintenance'),
      row: byTerminal('decline retraining'),
    },
    {
      act: 'clear failures, of a key that names no model too',
      before: () => countFailure(database.pool, 'lstn rrc00' as typeof KEY, 'no memory', 1),
      do: () => typed('retrain', 'lstn rrc00', '--clear'),
      row: byTerminal('clear failures', 'lstn rrc00'),
    },
    {
      act: 'acknowledge',
      before: nothing,
      do: () => typed('incidents', 'acknowledge', '1'),
      row: byTerminal('acknowledge', 'incident 1'),
    },
    {
      act: 'comment',
      before: nothing,
      do: () => typed('incidents', 'comment', '1', 'it is back'),
      row: byTerminal('comment', 'incident 1'),
    },
    {
      act: 'assign',
      before: nothing,
      do: () => typed('incidents', 'assign', '1'),
      row: byTerminal('assign', 'incident 1'),
    },
    {
      act: 'silence',
      before: nothing,
      do: () => typed('silences', 'add', '--class', 'outage', '--until', '2100-01-01', '--reason', 'maintenance'),
      row: byTerminal('silence', 'all streams'),
    },
  ];
  test.each(AT_THE_COMMAND_LINE)('$act at the command line', async ({ before, do: act, row }) => {
    await before();
    expect(await act()).toBe(0);
    expect(await audit()).toEqual([row]);
  });

  test('what was said stands with the incident, oldest first', async () => {
    await posted('/api/incidents/1/assign', { to: 'Grace' });
    await posted('/api/incidents/1/comment', { text: '<b>first</b>' });
    await typed('incidents', 'comment', '1', 'second');
    const incident = (await (await fetch(`${url}/api/incidents/1`, { headers: { cookie: ada } })).json()) as {
      assignedTo: string;
      comments: { author: string; text: string }[];
    };
    expect(incident.assignedTo).toBe('Grace');
    expect(incident.comments.slice(-2).map(({ author, text }) => [author, text])).toEqual([
      ['Ada', '<b>first</b>'],
      [AT_THE_TERMINAL, 'second'],
    ]);
    const { stdout } = await routewardenHere(['incidents', 'show', '1'], { DATABASE_URL: database.url });
    expect(stdout).toMatch(/assigned {3}to Grace[\s\S]*Ada: <b>first<\/b>[\s\S]*: second/);
  });

  test('what would fill the page is refused, from the terminal too, and is audited as refused', async () => {
    expect(await typed('incidents', 'comment', '1', 'x'.repeat(4_001))).toBe(1);
    expect(await typed('incidents', 'assign', '1', 'y'.repeat(101))).toBe(1);
    expect((await audit()).map(({ action }) => action)).toEqual(['comment failed', 'assign failed']);
  });

  test('approval by promoting in Bull Board, which queues the retraining', async () => {
    const { id } = await waiting();
    await showWaiting(listed, [
      {
        approval: id,
        model: KEY,
        reason: 'drift',
        expires: '2100-01-01T00:00:00.000Z',
        onExpiry: 'decline',
        report: null,
      },
    ]);
    expect((await send('PUT', `/queues/api/queues/approvals/approval-${id}/promote`)).status).toBe(204);
    expect(await audit()).toEqual([byAda('approve retraining')]);
    expect(await retrain.getJobCountByTypes('waiting', 'delayed', 'prioritized')).toBe(1);
    expect(await listed.getDelayedCount()).toBe(0);
  });

  test('a job that is added in Bull Board', async () => {
    const data = { modelKey: KEY, trigger: { kind: 'manual', actor: 'Ada' } };
    expect(await posted('/queues/api/queues/retrain/add', { name: 'retrain', data, options: {} })).toBe(200);
    expect(await audit()).toEqual([byAda('jobs', 'POST /queues/api/queues/retrain/add')]);
  });
});

describe('an act that is refused says why, and leaves one row', () => {
  test.each([
    ['rollback', () => posted(`${PATH}/rollback`, { version: 99 }), 404, 'rollback failed'],
    ['pin', () => posted(`${PATH}/versions/99/pin`, { pinned: true }), 404, 'pin failed'],
    ['rollback to the version that serves', () => posted(`${PATH}/rollback`, { version: 2 }), 409, 'rollback failed'],
    ['accept', () => posted(`${PATH}/accept`, { version: 99 }), 404, 'accept failed'],
    ['accept of what serves', () => posted(`${PATH}/accept`, { version: 2 }), 409, 'accept failed'],
    ['cancel', () => posted(`${PATH}/cancel`), 404, 'cancel failed'],
    ['approve', () => posted(`${PATH}/approve`), 404, 'approve retraining failed'],
    ['keep', () => posted(`${PATH}/keep`), 404, 'keep version failed'],
  ])('%s', async (_what, act, status, action) => {
    expect(await act()).toBe(status);
    expect(await audit()).toEqual([byAda(action)]);
  });

  test('acknowledge', async () => {
    expect(await posted('/api/incidents/99/acknowledge')).toBe(404);
    expect(await audit()).toEqual([byAda('acknowledge failed', 'incident 99')]);
  });

  test('rollback at the command line', async () => {
    expect(await typed('rollback', KEY, '99')).toBe(1);
    expect(await audit()).toEqual([byTerminal('rollback failed')]);
  });
});
