import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { packageRoot } from '../../src/config/paths.js';
import { settingsSchema } from '../../src/config/settings.js';
import type { MinuteEvidence } from '../../src/features/row.js';
import { listIncidents } from '../../src/storage/incidents.js';
import { NO_EVIDENCE, quietMinute } from '../incidents/minutes.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { httpReceiver, type Receiver } from './receivers.js';

const PEERS = quietMinute(0).evidence!.peers;
const SECRET = 'vrp-download-secret';
const ROAS = [
  { asn: 'AS64500', prefix: '192.0.2.0/24', maxLength: 24 },
  { asn: 'AS64777', prefix: '198.51.100.0/24', maxLength: 24 },
];

let folder: string;
let database: TestDatabase;
let pool: Pool;
let hook: Receiver;
const children: ChildProcess[] = [];
let output = '';
let downloads = 0;
const vrpServer = createServer((request, response) => {
  downloads += 1;
  const login = `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`;
  if (request.headers.authorization !== login) return response.writeHead(401).end();
  return response.end(JSON.stringify({ roas: ROAS }));
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-correlator-'));
  database = await openTestDatabase();
  ({ pool } = database);
  hook = await httpReceiver();
  await new Promise<void>((resolve) => vrpServer.listen(0, '127.0.0.1', resolve));
}, 60_000);

afterAll(async () => {
  const ends = children.map((child) => new Promise((done) => child.once('exit', done)));
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(ends);
  hook.close();
  vrpServer.closeAllConnections();
  vrpServer.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

function startService(entry: string, settings: object): void {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/program', entry)], {
    env: { PATH: process.env.PATH, ROUTEWARDEN_SETTINGS: JSON.stringify(settingsSchema.parse(settings)) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout!.on('data', (chunk) => (output += chunk));
  child.stderr!.on('data', (chunk) => (output += chunk));
  children.push(child);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}; the services said: ${output.slice(-2000)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A row with its verdict, as the aggregator and the ensemble write them. */
async function minute(stream: string, at: number, evidence: Partial<MinuteEvidence> = {}): Promise<void> {
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values, evidence)
     VALUES ($1, to_timestamp($2::bigint * 60), 'observed', $3, $4)`,
    [stream, at, Array.from(quietMinute(at).values), JSON.stringify({ ...NO_EVIDENCE, peers: PEERS, ...evidence })],
  );
  await pool.query(
    `INSERT INTO verdicts (stream, minute, score, threshold, anomalous, votes)
     VALUES ($1, to_timestamp($2::bigint * 60), 0.2, 1, false, '{}')`,
    [stream, at],
  );
}

const newOrigin = (prefix: string, origin: number) => ({
  newOrigins: [{ prefix, origin, previousOrigins: [64_500], peers: 6, path: [64_301, 64_400, origin] }],
});

test('what touches our own networks is told at once with its evidence; a ROA that allows it lowers the severity', async () => {
  const settings = {
    databaseUrl: database.url,
    feed: { clock: 'feed' },
    streams: [{ name: 'own' }, { name: 'allowed' }, { name: 'others' }],
    watch: { prefixes: ['192.0.2.0/24', '198.51.100.0/24'], asNumbers: ['AS64999'] },
    rpki: { vrps: `http://user:${SECRET}@127.0.0.1:${(vrpServer.address() as AddressInfo).port}/vrps.json` },
    alerts: {
      channels: [{ type: 'webhook', name: 'pager', url: `http://127.0.0.1:${hook.port}/` }],
      // Nothing but what is watched or critical may pass within the test.
      minimumSeverity: 'minor',
      groupSeconds: 3600,
      quietHours: { from: '00:00', until: '23:59' },
    },
  };
  startService('correlator.js', settings);
  startService('alerter.js', settings);
  await until('the VRPs', async () => {
    const { rows } = await pool.query("SELECT 1 FROM services WHERE (detail->'rpki'->>'vrps')::integer = 2");
    return rows.length === 1;
  });
  for (let at = 1000; at < 1040; at++) {
    for (const { name } of settings.streams) await minute(name, at);
  }
  // The ROAs: 192.0.2.0/24 belongs to AS64500 alone; AS64777 may announce 198.51.100.0/24.
  await minute('own', 1040, newOrigin('192.0.2.0/24', 64_666));
  await minute('allowed', 1040, newOrigin('198.51.100.0/24', 64_777));
  await minute('others', 1040, newOrigin('203.0.113.0/24', 64_666));
  await until('the incidents', async () => {
    const { rows } = await pool.query("SELECT 1 FROM cursors WHERE stage = 'correlator' AND position = 1040");
    return rows.length === 3;
  });

  const incidents = new Map((await listIncidents(pool)).map((incident) => [incident.stream, incident]));
  const own = incidents.get('own')!;
  expect([own.class, own.severity]).toEqual(['hijack', 'critical']);
  expect(own.reasons.map(({ words }) => words).join('\n')).toMatch(
    /192\.0\.2\.0\/24 is announced by AS64666.*RPKI invalid/,
  );
  expect(own.detail.watched).toMatchObject([{ kind: 'new origin', watched: '192.0.2.0/24', origin: 64_666, peers: 6 }]);
  const others = incidents.get('others')!;
  expect([others.class, others.severity]).toEqual(['hijack', 'major']);
  expect(others.reasons.map(({ words }) => words).join('\n')).toContain('no ROA covers it');
  const allowed = incidents.get('allowed')!;
  expect([allowed.class, allowed.severity]).toEqual(['moas', 'minor']);
  expect(allowed.reasons[0]!.words).toContain('a ROA allows 1 of 1: RPKI valid, which lowers the severity');
  expect(allowed.detail.watched).toMatchObject([{ kind: 'new origin', watched: '198.51.100.0/24' }]);

  // The ROAs of our own prefixes are looked at beside, at a pace of their own.
  const told = () => hook.messages.flatMap((text) => JSON.parse(text).alerts).filter(({ kind }) => kind !== 'roa');
  await until('the pager', () => told().length === 2);
  expect(output).not.toContain(SECRET);
  expect(downloads).toBe(1);
  const alerts = told().sort((a, b) => a.severity.localeCompare(b.severity));
  expect(alerts).toMatchObject([
    {
      phase: 'raised',
      kind: 'incident opened',
      severity: 'critical',
      watched: true,
      title: 'your 192.0.2.0/24: hijack by AS64666 on own',
      facts: { origins: 'AS64666', prefixes: '192.0.2.0/24' },
    },
    { severity: 'minor', watched: true, class: 'moas', stream: 'allowed' },
  ]);
  expect(alerts[0].lines[0]).toBe(
    'your 192.0.2.0/24 is announced by AS64666 (before: AS64500), seen by 6 peers, path 64301 64400 64666',
  );
}, 120_000);
