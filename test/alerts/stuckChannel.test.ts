import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { checkAlerts } from '../../src/cli/doctorChecks.js';
import { secretHider } from '../../src/config/redaction.js';
import { settingsSchema } from '../../src/config/settings.js';
import { openChannels } from '../../src/incidents/alerts/openChannels.js';
import { AlertOutbox } from '../../src/incidents/alerts/outbox.js';
import { listAlerts, raiseAlertAlone } from '../../src/storage/alerts.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { httpReceiver, type Receiver, tarpit } from './receivers.js';

let database: TestDatabase;
let pool: Pool;
let hook: Receiver;
let mail: Awaited<ReturnType<typeof tarpit>>;

beforeAll(async () => {
  database = await openTestDatabase();
  ({ pool } = database);
  [hook, mail] = await Promise.all([httpReceiver(), tarpit()]);
}, 60_000);
afterAll(async () => {
  hook.close();
  mail.close();
  await database.close();
});
beforeEach(() => pool.query('DELETE FROM alerts'));

const stale = (name: string) => ({
  fingerprint: `feed stale/${name}`,
  kind: 'feed stale' as const,
  severity: 'critical' as const,
  title: name,
  lines: ['no message for 5 minutes'],
});

function settings() {
  return settingsSchema.parse({
    alerts: {
      channels: [
        { type: 'webhook', name: 'hook', url: `http://127.0.0.1:${hook.port}/` },
        {
          type: 'email',
          name: 'mail',
          host: '127.0.0.1',
          port: mail.port,
          security: 'none',
          from: 'warden@example.net',
          to: ['noc@example.net'],
        },
      ],
      groupSeconds: 0,
      retry: { firstSeconds: 0.1, longestSeconds: 1, attempts: 3 },
    },
  });
}

test('a mail server that drips lines holds up no other channel, is cut off, and doctor names it', async () => {
  const all = settings();
  const channels = openChannels(all.alerts.channels);
  const outbox = new AlertOutbox({
    pool,
    settings: all.alerts,
    channels,
    now: () => new Date(),
    random: () => 0,
    log: { warn: () => {} },
    trySeconds: 4,
  });
  await raiseAlertAlone(pool, stale('a'), new Date());
  await outbox.deliverDue();
  expect(hook.messages).toHaveLength(1);
  expect(mail.connections()).toBe(1);
  // While the mail is stuck, what comes next is told by the other channel at once.
  await raiseAlertAlone(pool, stale('b'), new Date());
  await outbox.deliverDue();
  expect(hook.messages).toHaveLength(2);
  expect(mail.connections()).toBe(1);
  expect(await checkAlerts(pool, all)).toMatchObject({ ok: false, finding: expect.stringContaining('mail: ') });
  const fault = async () => (await listAlerts(pool)).map(({ delivered }) => delivered.channels!.mail!.error ?? '');
  while (!(await fault()).some((error) => error.includes('not through after 4 s in all'))) {
    await outbox.deliverDue();
    await new Promise((done) => setTimeout(done, 100));
  }
  // Given up after its tries, it is left alone; the connections that were cut are gone.
  while ((await listAlerts(pool)).some(({ delivered }) => delivered.channels!.mail!.state !== 'gave up')) {
    await outbox.deliverDue();
    await new Promise((done) => setTimeout(done, 100));
  }
  while (mail.connections() > 0) await new Promise((done) => setTimeout(done, 50));
  expect(hook.messages).toHaveLength(2);
  await outbox.close();
  await Promise.all(channels.map((channel) => channel.close()));
}, 120_000);

test('a secret is hidden in every spelling in which a server may repeat it', () => {
  const hide = secretHider({ channels: [{ user: 'warden', password: 'p&ss word/17' }] });
  const password = 'p&ss word/17';
  for (const before of ['', 'a', 'ab', '\0warden\0', 'user:']) {
    const echoed = `535 ${Buffer.from(`${before}${password}`).toString('base64')}`;
    const seen = hide(echoed).replace(/^535 /, '').replace('(hidden)', '');
    expect(Buffer.from(seen.replace(/=+$/, ''), 'base64').toString('latin1')).not.toContain('word');
  }
  expect(hide(`http://x/?${encodeURIComponent(password)}`)).not.toContain('word');
});
