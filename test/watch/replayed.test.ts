import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { settingsSchema } from '../../src/config/settings.js';
import { System } from '../../src/services/system.js';
import { listIncidents, type StoredIncident } from '../../src/storage/incidents.js';
import { openPool } from '../../src/storage/pool.js';
import { jsonOf, routewarden } from '../support/command.js';
import { reachableFolder } from '../support/reachableFolder.js';
import { announced, line, OURS, PEERS, type Said, STRANGER, withdrawn } from './routes.js';

const OWN = '198.51.100.0/24';
const SCRUBBER = 64620;
const EVENT = 6300;
const END = 7200;
const background = Array.from({ length: 40 }, (_, n) => ({ prefix: `10.${n}.0.0/16`, origin: 65010 + n }));

/** The table of six peers, then one of them repeats a route each minute, which moves the clock. */
const ordinary: Said[] = [
  ...[...background, { prefix: OWN, origin: OURS }].flatMap(({ prefix, origin }, n) =>
    announced(1 + n, prefix, origin, PEERS, [65000, 65001]),
  ),
  ...Array.from({ length: END / 60 - 1 }, (_, n) =>
    announced(60 * (n + 1) + 30, '10.1.0.0/16', 65011, [1 + (n % 6)], [65000, 65001]),
  ).flat(),
];

/** What happens beside ours in each stream. */
const STORIES: Record<string, Said[]> = {
  standing: announced(EVENT, OWN, STRANGER),
  crowded: [
    ...background.slice(0, 25).flatMap(({ prefix }, n) => announced(EVENT + n / 10, prefix, 64700 + n)),
    ...announced(EVENT + 3, OWN, STRANGER, [1, 2, 3]),
  ],
  // thirty prefixes of others and ours, by one network
  together: [...background.slice(0, 29).map(({ prefix }) => prefix), OWN].flatMap((prefix, n) =>
    announced(EVENT + n / 10, prefix, STRANGER),
  ),
  dark: [...background.slice(0, 30).map(({ prefix }) => prefix), OWN].flatMap((prefix, n) =>
    withdrawn(EVENT + n / 10, prefix),
  ),
  empty: [2, 3].map((peer) => ({ at: EVENT + peer, peer, announce: [OWN], path: [] })),
  slip: ['10.5.0.0/16', '198.18.0.0/24'].flatMap((prefix, n) =>
    announced(EVENT + 60 * n, prefix, OURS, PEERS, [65000, 65001]),
  ),
  scrubbed: [...announced(EVENT, '198.51.100.128/25', SCRUBBER), ...announced(EVENT + 60, OWN, SCRUBBER)],
};

let folder: string;
let system: System;
let pool: Pool;
let notices: { stream: string; phase: string; severity: string; watched: boolean; title: string; lines: string[] }[];

beforeAll(async () => {
  folder = reachableFolder('routewarden-watch');
  const vrps = join(folder, 'vrps.json');
  // a ROA that names only others
  await writeFile(vrps, JSON.stringify({ roas: [{ asn: 64511, prefix: OWN, maxLength: 24 }] }));
  const given = {
    dataDirectory: join(folder, 'data'),
    artifactDirectory: join(folder, 'artifacts'),
    streams: Object.keys(STORIES).map((name) => ({ name, replay: true })),
    watch: {
      asNumbers: [OURS],
      prefixes: [
        { prefix: OWN, group: 'Customers' },
        { prefix: '203.0.113.0/24', group: 'Others' },
      ],
      origins: [SCRUBBER],
    },
    rpki: { vrps },
    alerts: {
      history: true,
      groupSeconds: 0,
      channels: ['alerts', 'customers', 'others'].map((name) => ({
        type: 'file',
        name,
        path: join(folder, `${name}.jsonl`),
      })),
      routes: [
        { channels: ['alerts'] },
        { channels: ['customers'], groups: ['Customers'] },
        { channels: ['others'], groups: ['Others'] },
      ],
    },
  };
  await writeFile(join(folder, 'routewarden.config.json'), JSON.stringify(given));
  system = await System.start({
    settings: settingsSchema.parse(given),
    logger: pino({ level: 'silent' }),
    services: ['collector', 'aggregator', 'ensemble', 'correlator', 'alerter'],
    onLine: () => {},
    onHopeless: () => {},
    onDatabaseLost: () => {},
  });
  pool = openPool(system.database.databaseUrl, { name: 'test', onError: () => {} });
  await Promise.all(
    Object.entries(STORIES).map(async ([name, story]) => {
      const path = join(folder, `${name}.jsonl`);
      const messages = [...ordinary, ...story].sort((a, b) => a.at - b.at);
      await writeFile(path, `${messages.map(line).join('\n')}\n`);
      const ended = await routewarden(['replay', path, '--stream', name], {}, folder);
      expect(ended).toMatchObject({ code: 0 });
    }),
  );
  await settled();
  notices = await noticesOf('alerts');
}, 240_000);

afterAll(async () => {
  await pool?.end();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function noticesOf(channel: string): Promise<typeof notices> {
  const text = await readFile(join(folder, `${channel}.jsonl`), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((one) => JSON.parse(one));
}

/** Until every log is read to its end, every minute is correlated, and every alert is delivered. */
async function settled(): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT (SELECT count(*) FROM cursors c WHERE c.stage = 'watch' AND c.position >=
           (SELECT max(position) FROM update_batches b WHERE b.stream = c.stream)) AS watched,
         (SELECT count(*) FROM cursors c WHERE c.stage = 'correlator' AND c.position >=
           (SELECT extract(epoch FROM max(minute)) / 60 FROM features f WHERE f.stream = c.stream)) AS correlated,
         (SELECT count(*) FROM alerts WHERE NOT coalesce((delivered->>'done')::boolean, false)) AS undelivered`,
    );
    const streams = Object.keys(STORIES).length;
    const [{ watched, correlated, undelivered }] = rows;
    if (Number(watched) === streams && Number(correlated) === streams && Number(undelivered) === 0) return;
    await new Promise((done) => setTimeout(done, 200));
  }
}

const ofOurs = (incidents: StoredIncident[]) => incidents.filter(({ detail }) => detail.watched.length > 0);
const heard = (stream: string) => notices.filter((notice) => notice.stream === stream && notice.watched);

test('a group of prefixes has a receiver of its own, who hears of nothing else', async () => {
  const customers = await noticesOf('customers');
  expect(customers.map(({ stream }) => stream)).toEqual(expect.arrayContaining(['standing', 'crowded', 'together']));
  for (const { lines } of customers) expect(lines.join('\n')).toMatch(/198\.51\.100\./);
  expect(customers.length).toBeLessThan(notices.length);
  expect(await noticesOf('others')).toEqual([]);
});

test.each(['standing', 'crowded', 'together'])('a hijack of ours is told as critical: %s', async (stream) => {
  const ours = ofOurs(await listIncidents(pool, { stream }));
  expect(ours).toMatchObject([{ class: 'hijack', severity: 'critical', endedAt: null }]);
  expect(ours[0]!.reasons[0]!.words).toContain(`your ${OWN} (Customers) is announced by AS${STRANGER}`);
  expect(heard(stream)).toMatchObject([{ phase: 'raised', severity: 'critical' }]);
  expect(heard(stream)[0]!.lines[0]).toContain(OWN);
});

test('an outage of many with ours among them tells ours, critical, and leaves it out of that of the others', async () => {
  const incidents = await listIncidents(pool, { stream: 'dark' });
  expect(ofOurs(incidents)).toMatchObject([{ class: 'outage', severity: 'critical' }]);
  expect(ofOurs(incidents)[0]!.reasons[0]!.words).toContain(
    `your ${OWN} (Customers) is losing visibility: 6 of 6 peers`,
  );
  const others = incidents.filter((incident) => !ofOurs(incidents).includes(incident));
  for (const { culprits } of others) expect(culprits.prefixes.map(({ name }) => name)).not.toContain(OWN);
  expect(heard('dark')).toHaveLength(1);
});

test('an empty path has its peer as origin, in the incident and in the row', async () => {
  const ours = ofOurs(await listIncidents(pool, { stream: 'empty' }));
  expect(ours.map(({ reasons }) => reasons[0]!.words.split(',')[0]).sort()).toEqual([
    `your ${OWN} (Customers) is announced by AS64497`,
    `your ${OWN} (Customers) is announced by AS64498`,
  ]);
  const { rows } = await pool.query(
    `SELECT evidence->'newOrigins' AS origins FROM features
     WHERE stream = 'empty' AND jsonb_array_length(evidence->'newOrigins') > 0 ORDER BY minute LIMIT 1`,
  );
  expect(rows[0].origins.map(({ origin }: { origin: number }) => origin).sort()).toEqual([64497, 64498]);
});

test('our AS with the prefix of another, and with one that is not declared, is named as ours', async () => {
  const incidents = await listIncidents(pool, { stream: 'slip' });
  expect(incidents.map((one) => one.reasons[0]!.words.split(';')[0]).sort()).toEqual([
    'your AS64510 announces 10.5.0.0/16, which AS65015 holds',
    'your AS64510 announces 198.18.0.0/24, which is not declared as yours',
  ]);
  // the prefixes are not ours: the notice blames our network, and advises what its holder can do
  expect(heard('slip').map(({ title }) => title)).toEqual([
    'your AS64510 takes 10.5.0.0/16 on slip',
    'your AS64510 announces 198.18.0.0/24 on slip',
  ]);
  for (const { lines } of heard('slip')) expect(lines.at(-1)).toMatch(/^what to do: .*withdraw .* on your routers/);
});

test('networks that may announce ours raise nothing, though a ROA names only others', async () => {
  expect(await listIncidents(pool, { stream: 'scrubbed' })).toEqual([]);
  expect(notices.filter(({ stream }) => stream === 'scrubbed')).toEqual([]);
});

test('a ROA of ours that names only others is told as invalid, and a prefix without one as missing', async () => {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT severity, body->'lines'->>0 AS words FROM alerts WHERE kind = 'roa' ORDER BY severity`,
    );
    if (rows.length === 2) {
      expect(rows.map(({ severity }) => severity)).toEqual(['critical', 'minor']);
      expect(rows[0].words).toMatch(
        /your 198\.51\.100\.0\/24 by AS64510 is RPKI invalid: its ROAs are AS64511 \/24-24/,
      );
      expect(rows[1].words).toMatch(/no ROA covers your 203\.0\.113\.0\/24/);
      return;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
}, 60_000);

test('`watch check` lists what is announced otherwise first, and ends with 1', async () => {
  const ended = await routewarden(['watch', 'check'], {}, folder);
  expect(ended.code).toBe(1);
  expect(ended.stdout.split('\n')[1]).toMatch(/\[critical\] your 198\.51\.100\.0\/24/);
  const { prefixes } = jsonOf<{ prefixes: { stream: string; prefix: string; findings: object[] }[] }>(
    await routewarden(['watch', 'check', '--json'], {}, folder),
  );
  const scrubbed = prefixes.filter(({ stream }) => stream === 'scrubbed');
  expect(scrubbed.flatMap(({ findings }) => findings)).toEqual([]);
});

test('`init` adds what RIPEstat says, and goes on without it, saying why', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url!.includes('AS65099')) return response.writeHead(503).end('busy');
    const data = request.url!.startsWith('/data/announced-prefixes/')
      ? {
          prefixes: [
            { prefix: '192.0.2.0/24', timelines: [] },
            { prefix: '2001:db8:9::/48', timelines: [] },
          ],
        }
      : {
          neighbours: [
            { asn: 64999, type: 'left' },
            { asn: 64998, type: 'right' },
            { asn: 64997, type: 'uncertain' },
          ],
        };
    return response.end(JSON.stringify({ status: 'ok', data }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const words = ['init', 'AS65020', 'AS65099', '--upstreams', '--json', '--ripestat', url];
    const ended = await routewarden(words, {}, folder);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain('RIPEstat: AS65020 announces 2 prefixes');
    expect(ended.stderr).toMatch(/RIPEstat says nothing of AS65099 \(127\.0\.0\.1:\d+ answered 503\)/);
    expect(JSON.parse(ended.stdout)).toEqual({
      watch: {
        asNumbers: [65020, 65099],
        upstreams: [64999, 65001],
        prefixes: [
          { prefix: '10.10.0.0/16', origins: [65020] },
          { prefix: '192.0.2.0/24', origins: [65020] },
          { prefix: '2001:db8:9::/48', origins: [65020] },
        ],
      },
    });
    expect(asked[0]).toBe('/data/announced-prefixes/data.json?resource=AS65020&sourceapp=routewarden');
  } finally {
    server.close();
  }
}, 60_000);

test('`init` proposes what the streams hold, shows it, writes only when told, and keeps what is declared', async () => {
  const file = join(folder, 'routewarden.config.json');
  const before = await readFile(file, 'utf8');
  const asked = await routewarden(['init', 'AS65020', '--no-ripestat'], {}, folder);
  expect(asked.code).toBe(1);
  expect(asked.stdout).toContain('+       {"prefix":"10.10.0.0/16"}');
  expect(await readFile(file, 'utf8')).toBe(before);
  expect(await routewarden(['init', 'AS65020', '--upstreams', '--yes', '--no-ripestat'], {}, folder)).toMatchObject({
    code: 0,
  });
  const { watch } = JSON.parse(await readFile(file, 'utf8'));
  expect(watch).toMatchObject({
    asNumbers: [OURS, 65020],
    origins: [SCRUBBER],
    upstreams: [65001],
    prefixes: [
      { prefix: OWN, group: 'Customers' },
      { prefix: '203.0.113.0/24', group: 'Others' },
      { prefix: '10.10.0.0/16' },
    ],
  });
  const again = await routewarden(['init', 'AS65020', '--upstreams', '--no-ripestat'], {}, folder);
  expect(again).toMatchObject({ code: 0, stdout: '' });
  expect((await routewarden(['init', 'nobody'], {}, folder)).code).toBe(2);
}, 60_000);
