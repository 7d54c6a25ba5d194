import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { settingsSchema } from '../../src/config/settings.js';
import { launchService, serviceSettings } from '../../src/services/launch.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const STREAMS = 15;
let database: TestDatabase;
let folder: string;
let service: ChildProcess | undefined;

beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'routewarden-streams-'));
}, 60_000);

afterAll(async () => {
  service?.kill('SIGKILL');
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(['aggregator', 'collector'])(
  'more than ten streams of the %s: no warning of listeners',
  async (name) => {
    const streams = Array.from({ length: STREAMS }, (_, i) => ({ name: `s${i}` }));
    const settings = settingsSchema.parse({
      streams,
      feed: { clock: 'feed', url: 'ws://127.0.0.1:9' },
      dataDirectory: folder,
      artifactDirectory: folder,
    });
    for (const stream of streams)
      await database.pool.query('INSERT INTO streams (name) VALUES ($1) ON CONFLICT DO NOTHING', [stream.name]);
    let said = '';
    const child = launchService({
      entry: `${name}.js`,
      settings: serviceSettings(settings, database.url),
      output: 'pipe',
      onError: (error) => {
        throw error;
      },
    });
    service = child;
    child.stdout!.on('data', (chunk) => (said += chunk));
    child.stderr!.on('data', (chunk) => (said += chunk));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    const reported = async () => {
      const { rows } = await database.pool.query<{ count: string }>(
        `SELECT count(*) FROM services, jsonb_object_keys(detail) AS stream WHERE name = $1 AND stream LIKE 's%'`,
        [name],
      );
      return Number(rows[0]!.count);
    };
    for (let tries = 0; (await reported()) < STREAMS && tries < 300; tries++) {
      await new Promise((done) => setTimeout(done, 100));
    }
    expect(await reported()).toBeGreaterThanOrEqual(STREAMS);
    child.kill('SIGTERM');
    await ended;
    expect(said).not.toContain('MaxListenersExceededWarning');
  },
  60_000,
);
