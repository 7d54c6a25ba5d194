import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database?.close());

function healthy(...names: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['dist/program/healthy.js', ...names], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DATABASE_URL: database.url },
  });
  return { status, stderr };
}

test('a container is healthy while every service that it runs beats there', async () => {
  const beat = (name: string, host: string, state: string, secondsAgo: number) =>
    database.pool.query(
      `INSERT INTO services (instance, name, host, pid, state, heartbeat_at)
       VALUES ($1, $2, $3, 1, $4, now() - make_interval(secs => $5))`,
      [`${name}.${host}.${state}`, name, host, state, secondsAgo],
    );
  await beat('trainer', hostname(), 'running', 1);
  await beat('collector', 'elsewhere', 'running', 1);
  await beat('ensemble', hostname(), 'running', 60);
  await beat('alerter', hostname(), 'failed', 1);
  expect(healthy('trainer')).toEqual({ status: 0, stderr: '' });
  expect(healthy('trainer', 'collector', 'ensemble', 'alerter')).toEqual({
    status: 1,
    stderr: 'no heartbeat for 20 s: collector, ensemble, alerter\n',
  });
  expect(healthy()).toMatchObject({ status: 1, stderr: expect.stringMatching(/are needed/) });
  expect(healthy('nobody').stderr).toMatch(/there is no service "nobody"/);
}, 60_000);

test('nothing is healthy without its database', () => {
  const { status, stderr } = spawnSync(process.execPath, ['dist/program/healthy.js', 'trainer'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DATABASE_URL: 'postgres://x:secret-word@127.0.0.1:9/x' },
  });
  expect(status).toBe(1);
  expect(stderr).not.toContain('secret-word');
}, 30_000);
