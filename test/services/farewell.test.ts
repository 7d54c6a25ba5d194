import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { settingsSchema } from '../../src/config/settings.js';
import { launchService } from '../../src/services/launch.js';
import { listServices } from '../../src/storage/services.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

/** As Node.js does at times: the last line of JavaScript has run, and the process stays. */
const HANGS = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'process.on("exit",()=>Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0))',
  )}`,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database.close());

const settings = () => settingsSchema.parse({ databaseUrl: database.url, logLevel: 'error' });

const running = async () => (await listServices(database.pool)).filter(({ state }) => state === 'running').length;

function isThere(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a service that hangs at its very end is killed by who started it', async () => {
  const child = launchService({
    entry: 'alerter.js',
    settings: settings(),
    environment: HANGS,
    output: 'inherit',
    onError: () => {},
  });
  await until(async () => (await running()) === 1);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect((await listServices(database.pool))[0]).toMatchObject({ state: 'stopped' });
}, 60_000);

test.each([
  ['and would hang at its end', HANGS, true],
  ['before it has loaded', {}, false],
])(
  'a service whose supervisor was killed ends, %s',
  async (_name, environment, loaded) => {
    await database.pool.query('TRUNCATE services');
    const launch = pathToFileURL('dist/src/services/launch.js').href;
    const script = `const { launchService } = await import(${JSON.stringify(launch)});
    const child = launchService({ entry: 'alerter.js', settings: ${JSON.stringify(settings())},
      environment: ${JSON.stringify(environment)}, output: 'inherit', onError: () => {} });
    console.log(child.pid);`;
    const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(String((await once(supervisor.stdout, 'data'))[0]));
    if (loaded) await until(async () => (await running()) === 1);
    supervisor.kill('SIGKILL');
    await until(() => !isThere(pid));
    expect(await running()).toBe(0);
  },
  60_000,
);
