import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Comparison } from '../../src/dashboard/api/schema.js';
import { kindOf } from '../../src/models/kinds.js';
import type { ModelKey } from '../../src/models/model.js';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { runTraining } from '../../src/retraining/training.js';
import { START, writeFeatures } from '../drift/seededStream.js';
import { startDashboards, type TestDashboard } from './dashboard.js';

const KEY: ModelKey = 'lstm@compared';
const DAY = 1440;
let dashboards: TestDashboard;
let url: string;

beforeAll(async () => {
  dashboards = await startDashboards();
  const { pool } = dashboards.database;
  url = (await dashboards.open()).url;
  await writeFeatures(pool, 'compared', START, START + 3 * DAY, { seed: 1 });
  for (const [run, epochs] of [
    ['one', 3],
    ['two', 5],
  ] as const) {
    await runTraining({
      pool,
      payload: { modelKey: KEY, trigger: run === 'one' ? { kind: 'first' } : { kind: 'manual', actor: 'ada' } },
      kinds: { lstm: kindOf('lstm') },
      kindSettings: { lstm: { epochs, hidden: 4, windowsPerEpoch: 64, warmEpochShare: 1, patience: 100 } },
      settings: retrainingSettings.parse({}),
      artifactDirectory: null,
      incidentPatienceMinutes: 720,
      run,
      holder: 'test',
      codeVersion: 'test',
    });
  }
}, 60_000);
afterAll(() => dashboards.stop());

test('two trained versions stand side by side, with loss by epoch, exam by class and parameters', async () => {
  const answer = await fetch(`${url}/api/models/${encodeURIComponent(KEY)}/compare?left=1&right=2`);
  const { left, right } = (await answer.json()) as Comparison;
  expect([left.losses.length, right.losses.length]).toEqual([3, 5]);
  expect(left.parameters).toContainEqual({ name: 'training epochs', value: '3' });
  expect(right.parameters).toContainEqual({ name: 'training epochs', value: '5' });
  expect(right.exam?.byClass.map((one) => one.class)).toContain('mass withdrawal');
  expect(left.threshold).not.toBe(right.threshold);
});

test.each([
  ['compare?left=1&right=9', 404, 'has no version 9'],
  ['compare?left=1', 400, 'right'],
  ['versions/1/files/nothing.bin', 404, 'has no file nothing.bin'],
  ['versions/1/files/..%2Fsecret', 400, 'expected a file name'],
])('%s is answered with %s', async (path, status, words) => {
  const answer = await fetch(`${url}/api/models/${encodeURIComponent(KEY)}/${path}`);
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(words);
});

test('a file comes byte for byte, under a name that says what it is', async () => {
  const api = `${url}/api/models/${encodeURIComponent(KEY)}`;
  const { left } = (await (await fetch(`${api}/compare?left=1&right=2`)).json()) as Comparison;
  expect(left.files.map(({ name }) => name)).toEqual(['model.json', 'weights.bin']);
  for (const { name, sha256 } of left.files) {
    const answer = await fetch(`${api}/versions/1/files/${name}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="lstm_compared_1_${name}"`);
  }
});

test('the command line says the same, in a table and as JSON', async () => {
  const routewarden = (...words: string[]) =>
    promisify(execFile)(process.execPath, ['bin/routewarden.js', 'models', 'compare', KEY, '1', '2', ...words], {
      env: { ...process.env, DATABASE_URL: dashboards.database.url },
    });
  const { stdout } = await routewarden();
  expect(stdout).toMatch(/^\* {2}training epochs +3 +5$/m);
  expect(stdout).toMatch(/^ +minutes +(\d+) +\1$/m);
  const { sides } = JSON.parse((await routewarden('--json')).stdout) as { sides: { losses: []; dataFrom: string }[] };
  expect(sides.map(({ losses }) => losses.length)).toEqual([3, 5]);
  expect(sides[0]!.dataFrom).toBe('2026-01-05T00:00:00.000Z');
}, 30_000);
