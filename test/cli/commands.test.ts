import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createProgram } from '../../src/cli/program.js';
import { runningServer } from '../../src/storage/embeddedPostgres.js';
import { freePort } from '../../src/storage/freePort.js';
import { openPool, type Pool } from '../../src/storage/pool.js';
import { listServices } from '../../src/storage/services.js';
import { jsonOf, routewarden, routewardenHere, type Started, startRoutewarden } from '../support/command.js';
import { reachableFolder } from '../support/reachableFolder.js';

interface Service {
  name: string;
  instance: string;
  pid: number;
  state: string;
  restarts: number;
}

let folder: string;
beforeAll(() => {
  folder = reachableFolder('routewarden-cli');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('help', () => {
  test('lists every command in groups, and each explains itself with an example', async () => {
    const { stdout, code } = await routewarden(['--help']);
    expect(code).toBe(0);
    for (const group of ['Run', 'See', 'Act', 'Data']) expect(stdout).toContain(`\n${group}\n`);
    const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)[ |]/gm)]
      .map(([, name]) => name!)
      .filter((n) => n !== 'routewarden' && n !== 'help');
    expect(names.length).toBeGreaterThanOrEqual(15);
    for (const name of names) {
      const program = await createProgram([name, '--help']);
      let help = '';
      for (const command of [program, ...program.commands])
        command.configureOutput({ writeOut: (text) => void (help += text) });
      await expect(program.parseAsync([name, '--help'], { from: 'user' })).rejects.toMatchObject({ exitCode: 0 });
      expect([name, help]).toEqual([name, expect.stringMatching(/Examples?:/)]);
    }
    const { stdout: last, code: ended } = await routewarden([names.at(-1)!, '--help']);
    expect([ended, last]).toEqual([0, expect.stringMatching(/Examples?:/)]);
  }, 60_000);

  test('a subcommand does not list the options of the command above it', async () => {
    const program = await createProgram(['incidents']);
    const show = program.commands.find((one) => one.name() === 'incidents')!.commands[0]!;
    const help = show.helpInformation();
    expect(help).toContain('--data-directory');
    expect(help).not.toContain('--severity');
  });

  test('a wrong command, option or argument is refused with exit code 2', async () => {
    for (const words of [
      ['strat'],
      ['status', '--jsn'],
      ['rollback'],
      ['incidents', 'close', '5'],
      ['retrain', 'forest'],
      ['rollback', 'lstm@rrc00', 'x'],
    ]) {
      const ended = await routewarden(words, { ROUTEWARDEN_DATA_DIRECTORY: join(folder, 'none') });
      expect([words, ended.code]).toEqual([words, 2]);
      expect(ended.stderr.length).toBeGreaterThan(20);
    }
  }, 60_000);
});

describe('settings', () => {
  test.each([
    [
      'environment',
      { ROUTEWARDEN_FEED_URL: 'http://x' },
      /feed\.url: expected a URL that starts with ws:\/\/ .*environment ROUTEWARDEN_FEED_URL/,
    ],
    [
      'environment',
      { DRIFT_CHECK_INTERVAL: 'hourly' },
      /driftCheckIntervalSeconds: .*number.*environment DRIFT_CHECK_INTERVAL/,
    ],
    ['environment', { ROUTEWARDEN_FEED_ULR: 'ws://x' }, /ROUTEWARDEN_FEED_ULR/],
    ['environment', { DATABASE_URL: 'mysql://x' }, /databaseUrl: expected a URL that starts with postgres/],
    ['environment', { LSTM_ENGINE: 'gpu' }, /lstmEngine/],
    ['environment', { ROUTEWARDEN_CONFIG: '/nowhere.json' }, /cannot read the settings file \/nowhere\.json/],
  ])(
    'a wrong value in the %s is named with its origin: %o',
    async (_where, environment, message) => {
      const ended = await routewardenHere(['config'], environment as Record<string, string>);
      expect(ended.stderr).toMatch(message);
      expect(ended.code).toBe(2);
    },
    30_000,
  );

  test('a wrong value in the file is named with the file', async () => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, JSON.stringify({ feed: { graceSeconds: -1 }, colour: 'blue' }));
    const ended = await routewardenHere(['--config', file, 'config']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('feed.graceSeconds');
    expect(ended.stderr).toContain(file);
    expect(ended.stderr).toContain('colour');
    writeFileSync(file, '{"feed":');
    expect((await routewardenHere(['--config', file, 'config'])).stderr).toMatch(/is not JSON/);
  }, 30_000);

  test('flags win over the environment, which wins over the file', async () => {
    const file = join(folder, 'right.json');
    writeFileSync(file, JSON.stringify({ seed: 3, logLevel: 'warn', dataDirectory: '/from-file' }));
    const ended = await routewardenHere(['--config', file, '--data-directory', '/from-flag', 'config', '--json'], {
      LOG_LEVEL: 'error',
    });
    const text = JSON.stringify(jsonOf(ended));
    for (const value of ['/from-flag', 'flag', 'error', 'environment LOG_LEVEL', `file ${file}`])
      expect(text).toContain(value);
    expect(text).not.toContain('/from-file');
  }, 30_000);

  test.each(['auto', 'fused', 'tfjs'])(
    'LSTM_ENGINE=%s is taken',
    async (engine) => {
      expect((await routewardenHere(['config', '--json'], { LSTM_ENGINE: engine })).code).toBe(0);
    },
    30_000,
  );
});

describe('a running system', () => {
  let running: Started;
  let environment: Record<string, string>;
  let settingsFile: string;
  let dashboard: { port: number };
  let pool: Pool;
  /** Waits for what the command would say, at the price of a query and not of a process. */
  const until = async (reached: (running: { name: string; pid: number }[]) => boolean) => {
    for (let tries = 0; tries < 600; tries++) {
      const all = await listServices(pool);
      if (reached(all.filter(({ state, heartbeatAge }) => state === 'running' && heartbeatAge < 5))) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error('waited 60 s in vain');
  };
  const services = async () =>
    jsonOf<{ services: Service[] }>(await routewarden(['status', '--json'], environment)).services;

  beforeAll(async () => {
    settingsFile = join(folder, 'settings.json');
    dashboard = { port: await freePort() };
    writeFileSync(settingsFile, JSON.stringify({ dashboard }));
    environment = {
      ROUTEWARDEN_CONFIG: settingsFile,
      ROUTEWARDEN_DATA_DIRECTORY: join(folder, 'system'),
      ROUTEWARDEN_ARTIFACT_DIRECTORY: join(folder, 'artifacts'),
      // Nobody is there: the collector keeps trying, and says so.
      ROUTEWARDEN_FEED_URL: 'ws://127.0.0.1:1',
    };
    running = startRoutewarden(['start'], environment);
    await running.saying('page: ');
    await running.saying(/RIS Live is away/);
    const { databaseUrl } = (await runningServer(environment.ROUTEWARDEN_DATA_DIRECTORY!))!;
    pool = openPool(databaseUrl, { name: 'test', onError: () => {} });
  }, 60_000);
  afterAll(async () => {
    running.process.kill('SIGKILL');
    await pool.end();
  });

  test('has a heartbeat of each service, which tells the truth after a kill -9', async () => {
    await until(({ length }) => length === 11);
    const before = await services();
    expect(before.map(({ name, state }) => `${name} ${state}`)).toEqual(
      [
        'aggregator',
        'alerter',
        'collector',
        'correlator',
        'dashboard',
        'drift-monitor',
        'ensemble',
        'heuristic-detector',
        'isolation-forest-detector',
        'lstm-detector',
        'trainer',
      ].map((name) => `${name} running`),
    );
    expect(before.filter(({ instance }) => instance.includes(`.${hostname()}.`))).toEqual(before);
    const killed = before.find(({ name }) => name === 'ensemble')!;
    process.kill(killed.pid, 'SIGKILL');
    await running.saying(/ensemble ended \(SIGKILL\): starting it again in \d+ ms/);
    await until((all) => all.some(({ name, pid }) => name === 'ensemble' && pid !== killed.pid));
    const after = (await services()).find(({ name }) => name === 'ensemble');
    expect(after).toMatchObject({ state: 'running', restarts: 1 });
    expect(after!.pid).not.toBe(killed.pid);
  }, 120_000);

  test('is told about by doctor, with a remedy for what is wrong', async () => {
    const ended = await routewarden(['doctor', '--json'], environment);
    const { findings } = jsonOf<{ findings: { check: string; ok: boolean; remedy: string }[] }>(ended);
    const failed = findings.filter(({ ok }) => !ok);
    expect(failed.map(({ check }) => check)).toContain('stream rrc00');
    for (const { remedy } of failed) expect(remedy.length).toBeGreaterThan(10);
    const stream = failed.find(({ check }) => check === 'stream rrc00');
    expect(stream!.remedy).toContain('whether RIS has a collector rrc00');
    expect(ended.code).toBe(1);
  }, 30_000);

  test('refuses a second start on its directory and says who has it', async () => {
    const ended = await routewarden(['start'], environment);
    expect(ended.stderr).toContain(`in use by Routewarden process ${running.process.pid}`);
    expect(ended.code).toBe(1);
  }, 30_000);

  test('lets one more service run by itself, and ends it on SIGTERM', async () => {
    const alone = startRoutewarden(['run', 'trainer'], environment);
    const trainers = async () =>
      (await services()).filter(({ name, state }) => name === 'trainer' && state === 'running');
    await until((all) => all.filter(({ name }) => name === 'trainer').length === 2);
    expect(await trainers()).toHaveLength(2);
    alone.process.kill('SIGTERM');
    expect((await alone.ended).code).toBe(0);
    expect(await trainers()).toHaveLength(1);
  }, 120_000);

  test('reads its settings again, service by service, and keeps what it has when they are wrong', async () => {
    const pids = async () => {
      const found = (await services()).filter(({ state }) => state === 'running');
      return new Map(found.map(({ name, pid }) => [name, pid]));
    };
    const before = await pids();
    expect((await routewarden(['reload'], environment)).code).toBe(0);
    await running.saying('no setting has changed: every service goes on');
    expect(await pids()).toEqual(before);

    writeFileSync(settingsFile, JSON.stringify({ dashboard, retention: { historyDays: 'long' } }));
    const refused = await routewarden(['reload'], environment);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('retention.historyDays');

    writeFileSync(settingsFile, JSON.stringify({ dashboard, redisUrl: 'redis://127.0.0.1:1' }));
    const kept = await routewarden(['reload'], environment);
    expect(kept).toMatchObject({ code: 1, stderr: expect.stringContaining('redisUrl cannot change') });
    await running.saying('the settings stay as they were: redisUrl cannot change');

    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    writeFileSync(settingsFile, JSON.stringify({ dashboard: { port } }));
    const busy = await routewarden(['reload'], environment);
    expect(busy).toMatchObject({ code: 1, stderr: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`) });
    expect(await pids()).toEqual(before);
    await new Promise((done) => other.close(done));
    expect(await pids()).toEqual(before);

    writeFileSync(settingsFile, JSON.stringify({ dashboard, retention: { historyDays: 30 } }));
    const taken = await routewarden(['reload'], environment);
    expect(taken).toMatchObject({ code: 0, stderr: expect.stringContaining('10 services started afresh') });
    // it has ended only once the page listens again
    expect((await fetch(`http://127.0.0.1:${dashboard.port}/healthz`)).status).toBe(200);
    await running.saying(/10 services started afresh/);
    await until(({ length }) => length === before.size);
    const after = await pids();
    for (const [name, pid] of before) {
      if (name === 'collector') expect(after.get(name)).toBe(pid);
      else expect(after.get(name)).not.toBe(pid);
    }
  }, 120_000);

  test('drains and ends when it is told to stop', async () => {
    const ended = await routewarden(['stop'], environment);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain(`stopped process ${running.process.pid}`);
    const system = await running.ended;
    expect(system.code).toBe(0);
    expect(system.stderr).not.toMatch(/did not drain/);
    const left = await services();
    expect(new Set(left.map(({ state }) => state))).toEqual(new Set(['stopped']));
  }, 90_000);
});

describe('what is in the way', () => {
  let taken: Server;
  let port: number;
  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    port = (taken.address() as { port: number }).port;
  });
  afterAll(() => {
    taken.close();
  });

  test('a busy port is named, with what to do', async () => {
    const running = startRoutewarden(['start', 'dashboard'], {
      ROUTEWARDEN_DATA_DIRECTORY: join(folder, 'busy'),
      ROUTEWARDEN_DASHBOARD_PORT: String(port),
    });
    await running.saying(new RegExp(`${port}.*(in use|taken)`, 'is'));
    running.process.kill('SIGTERM');
    await running.ended;
  }, 60_000);

  test.each(['environment', '--port'])(
    'so is that of the demo, which heeds its %s',
    async (given) => {
      const words = given === '--port' ? ['demo', '--port', String(port)] : ['demo'];
      const ended = await routewarden(words, {
        ROUTEWARDEN_DATA_DIRECTORY: join(folder, 'busy-demo'),
        ROUTEWARDEN_DASHBOARD_PORT: given === '--port' ? '1' : String(port),
      });
      expect(ended.stderr).toContain(`port ${port} on 127.0.0.1 is in use`);
      expect(ended.stderr).toContain('in the demo with --port');
      expect(ended.code).toBe(1);
      expect(existsSync(join(folder, 'busy-demo'))).toBe(false);
    },
    60_000,
  );

  test('a Redis that is not there is named, with what to do', async () => {
    const ended = await routewarden(['start'], {
      ROUTEWARDEN_DATA_DIRECTORY: join(folder, 'redisless'),
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    expect(ended.stderr).toMatch(/cannot reach Redis at REDIS_URL .*check the URL/);
    expect(ended.code).toBe(1);
  }, 60_000);
});
