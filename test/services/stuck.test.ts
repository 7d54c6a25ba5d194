import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { settingsSchema } from '../../src/config/settings.js';
import { launchService } from '../../src/services/launch.js';
import { hearPulses } from '../../src/services/pulse.js';
import { Supervisor } from '../../src/services/supervisor.js';
import { listServices } from '../../src/storage/services.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

/** Seven pulses. */
const LIMIT = 14_000;
/** The event loop of a process never turns again, some seconds after its start. */
const BLOCKED = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'setTimeout(()=>Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0),8000)',
  )}`,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
}, 60_000);
afterAll(() => database.close());

const settings = () => settingsSchema.parse({ databaseUrl: database.url, logLevel: 'error' });

function launch(environment: Record<string, string>) {
  return launchService({
    entry: 'alerter.js',
    settings: settings(),
    environment,
    output: 'inherit',
    onError: () => {},
  });
}

test('a service that is stopped or blocked is noticed and started again, one that works is left alone', async () => {
  const told: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => told.push((JSON.parse(line) as { msg: string }).msg) });
  const unexpected = (_: string, reason: string) => told.push(reason);
  const supervisor = new Supervisor(settings(), logger, () => {}, unexpected, LIMIT);
  const blocked = launch(BLOCKED);
  let noticed = false;
  hearPulses(blocked, LIMIT, () => {
    noticed = true;
  });
  supervisor.start(['alerter', 'correlator']);
  const [stuck, works] = [supervisor.pidOf('alerter')!, supervisor.pidOf('correlator')!];
  try {
    await until(async () => (await listServices(database.pool)).length === 3);
    process.kill(stuck, 'SIGSTOP');
    await until(() => supervisor.pidOf('alerter') !== stuck && noticed);
    expect(supervisor.pidOf('correlator')).toBe(works);
    expect(told).toEqual([
      'alerter gave no sign of life for 14 s and is killed',
      'alerter ended (SIGKILL): starting it again in 1000 ms',
    ]);
  } finally {
    blocked.kill('SIGKILL');
    await supervisor.stop();
  }
}, 90_000);
