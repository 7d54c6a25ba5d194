import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { Pipeline } from '../../src/demo/pipeline.js';
import { STORY_START } from '../../src/demo/story.js';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { demoScenario, worldOf } from '../../src/simulation/scenario.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { openDatabase } from '../../src/storage/database.js';
import { freePort } from '../../src/storage/freePort.js';
import { openPool } from '../../src/storage/pool.js';
import { httpReceiver, type Receiver } from '../alerts/receivers.js';
import { type Ended, routewarden, type Started, startRoutewarden } from '../support/command.js';
import { reachableFolder } from '../support/reachableFolder.js';
import { SETTINGS, type Setting } from './settings.js';
import { commands, type Found, listed } from './typed.js';

const HISTORY_HOURS = 26;
const HIJACK = { startMinute: 20, durationMinutes: 15 };
const QUIET = pino({ level: 'silent' });
/** So much of the archive is there; the rest of the seven days is missing, as an archive that began late. */
const ARCHIVED_MINUTES = 75;

/** Every documented command once, with the places that write it. */
function documented(): { line: string; words: string[]; where: string }[] {
  const found = new Map<string, { words: string[]; places: string[] }>();
  const single = ({ where, words }: Found): Found[] => {
    const choice = words.findIndex((word) => /^[a-z]+(\|[a-z]+)+$/.test(word));
    if (choice < 0) return [{ where, words }];
    return words[choice]!.split('|').map((word) => ({ where, words: words.with(choice, word) }));
  };
  for (const { where, words } of [...commands, ...listed].flatMap(single)) {
    const whole = words
      .map((word) => (word === '...' ? 'why' : word.replace(/^\[|\]$/g, '').replace(/\.\.\.\]?$/, '')))
      .filter((word) => word !== '');
    const line = whole.join(' ');
    found.set(line, { words: whole, places: [...(found.get(line)?.places ?? []), where] });
  }
  return [...found].map(([line, { words, places }]) => ({ line, words, where: places.join(', ') }));
}

const all = documented().map((one) => ({ ...one, setting: SETTINGS.find(({ line }) => line.test(one.line)) }));
const inOrder = (when: Setting['when']) =>
  SETTINGS.flatMap((setting) => all.filter((one) => one.setting === setting && setting.when === when));

let folder: string;
let feed: RisLiveServer;
let archive: ArchiveServer;
let receiver: Receiver;
let databaseUrl = '';
let system: Started | undefined;
let pool: Pool | undefined;

beforeAll(async () => {
  folder = reachableFolder('routewarden-docs');
  feed = new RisLiveServer({
    world: worldOf(
      demoScenario(STORY_START, {
        seed: 7,
        historyHours: HISTORY_HOURS,
        liveHours: 6,
        driftHours: 0,
        incidents: [{ class: 'hijack', hijack: 'origin', magnitude: 0.7, ...HIJACK }],
      }),
    ),
    logger: QUIET,
  });
  const now = Math.floor(Date.now() / 60_000);
  const first = now - ARCHIVED_MINUTES;
  archive = new ArchiveServer({
    world: new SimulatedWorld({ seed: 5, startMinute: first - (first % 5), resetsPerWeek: 0 }),
    horizon: () => now,
  });
  receiver = await httpReceiver();
  const archiveUrl = await archive.listen();
  archive.fault = (path) => (fileMinute(path) < first ? 'missing' : 'none');
  writeFileSync(
    join(folder, 'routewarden.config.json'),
    JSON.stringify({
      streams: [{ name: 'rrc00' }],
      feed: { url: await feed.listen(), clock: 'feed' },
      archive: { url: archiveUrl },
      dashboard: { port: await freePort(), live: false },
      driftCheckIntervalSeconds: 1,
      retraining: { trainingDays: 1, heldBackMinutes: 240, jitterSeconds: 0 },
      alerts: { channels: [{ name: 'noc', type: 'webhook', url: `http://127.0.0.1:${receiver.port}/hook` }] },
    }),
  );
  writeFileSync(join(folder, 'updates.gz'), archive.file(first - (first % 5) + 60));
}, 60_000);
afterAll(async () => {
  system?.process.kill('SIGTERM');
  await system?.ended;
  await pool?.end();
  await feed?.close();
  await archive?.close();
  receiver?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** The minute at which an archived file begins. */
function fileMinute(path: string): number {
  const [, year, month, day, hour, minute] = /updates\.(\d{4})(\d\d)(\d\d)\.(\d\d)(\d\d)\.gz/.exec(path) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) / 60_000;
}

/** Starts the system in the folder, and plays it a day of history, the first models and a hijack. */
async function startSystem(): Promise<Started> {
  const started = startRoutewarden(['start'], {}, folder);
  await started.saying('page: ');
  const database = await openDatabase(
    { dataDirectory: join(folder, '.routewarden') },
    { share: true, log: () => undefined },
  );
  databaseUrl = database.databaseUrl;
  const opened = openPool(databaseUrl, { name: 'test', onError: () => undefined });
  pool = opened;
  const pipeline = new Pipeline(opened, 'rrc00', AbortSignal.timeout(240_000));
  await pipeline.until('the collector', 60, async () => feed.state.subscribers > 0);
  let at = STORY_START + HISTORY_HOURS * 60;
  await feed.playUntil(at + 3);
  await pipeline.until('the first models', 150, async () => {
    const activations = await pipeline.activations();
    return Object.keys(activations).length === 3 && Object.values(activations).every((count) => count === 1);
  });
  at += HIJACK.startMinute + HIJACK.durationMinutes + 40;
  await feed.playUntil(at + 3);
  await pipeline.until('the verdicts', 60, async () => (await pipeline.featuresReach(at + 1)) && pipeline.judged());
  writeFileSync(join(folder, 'minutes.csv'), await labelledRows(opened));
  for (const number of [2, 3, 7]) await holdVersion(opened, 'lstm@rrc00', number);
  for (const number of [7, 8]) await holdVersion(opened, 'isolation_forest@rrc00', number);
  return started;
}

/**
 * The stream's minutes over and over, the last hour labelled anomalous, in the format of the published data sets: a day to
 * test on, and six hours to train on, since what is tested here is the command.
 */
async function labelledRows(from: Pool): Promise<string> {
  const { rows } = await from.query<{ values: number[] }>(
    `SELECT values FROM features WHERE stream = 'rrc00' AND kind = 'observed' ORDER BY minute`,
  );
  const twice = [...rows, ...rows].slice(-(6 * 60 + 24 * 60 + 60));
  return twice
    .map(({ values }, index) => {
      const [hour, minute] = [Math.floor(index / 60) % 24, index % 60];
      return [hour * 100 + minute, hour, minute, 0, ...values, index >= twice.length - 60 ? 1 : -1].join(',');
    })
    .join('\n');
}

/** A version as the gate holds it for a person: the first one's bytes under another number. */
async function holdVersion(into: Pool, key: string, number: number): Promise<void> {
  await into.query(
    `WITH source AS (SELECT * FROM model_versions WHERE model_key = $1 AND version = 1),
      copy AS (INSERT INTO model_versions SELECT (jsonb_populate_record(NULL::model_versions, to_jsonb(source)
          || jsonb_build_object('id', nextval('model_versions_id_seq'), 'version', $2::int, 'state', 'held'))).*
        FROM source RETURNING id)
     INSERT INTO model_files (version_id, name, sha256, bytes)
       SELECT copy.id, f.name, f.sha256, f.bytes FROM model_files f, source, copy WHERE f.version_id = source.id`,
    [key, number],
  );
}

/** Runs a command in its setting; what goes on by itself is told to stop once it is at work. */
async function run(
  given: readonly string[],
  { placeholders = {}, environment, also = [], until }: Setting,
): Promise<Ended> {
  const words = [...given.map((word) => placeholders[word] ?? word), ...also];
  const started = startRoutewarden(words, environment?.({ databaseUrl }) ?? {}, folder);
  const patience = setTimeout(() => started.process.kill('SIGKILL'), 240_000);
  try {
    if (until !== undefined) {
      await started.saying(until);
      started.process.kill('SIGTERM');
    }
    return await started.ended;
  } finally {
    clearTimeout(patience);
  }
}

async function check(given: readonly string[], setting: Setting): Promise<void> {
  const line = given.join(' ');
  let ended = await run(given, setting);
  for (let tries = 1; tries < 4 && setting.again?.test(ended.stdout + ended.stderr); tries += 1)
    ended = await run(given, setting);
  const said = `${ended.stdout}\n${ended.stderr}`;
  const wanted = [setting.code ?? 0].flat();
  expect({ line, said }).toEqual({ line, said: expect.stringMatching(setting.shows) });
  expect({ line, said, ended: wanted.includes(ended.code ?? -1) }).toEqual({ line, said, ended: true });
}

describe('every documented command', () => {
  test('has a setting in which it is run', () => {
    expect(all.length).toBeGreaterThan(45);
    expect(all.filter(({ setting }) => setting === undefined)).toEqual([]);
  });

  test('and every setting has a command', () => {
    const idle = SETTINGS.filter((setting) => !all.some((one) => one.setting === setting));
    expect(idle.map(({ line }) => line.source)).toEqual([]);
  });

  test.each(inOrder('before'))(
    '$line ($where)',
    async ({ words, setting }) => {
      await check(words, setting!);
    },
    120_000,
  );

  describe('on a running system', () => {
    beforeAll(async () => {
      system = await startSystem();
    }, 300_000);

    test.each(inOrder('running'))(
      '$line ($where)',
      async ({ line, words, setting }) => {
        if (line === 'start') {
          expect(system!.said()).toMatch(setting!.shows);
          return;
        }
        await check(words, setting!);
        if (line === 'stop') expect((await system!.ended).code).toBe(0);
      },
      300_000,
    );
  });

  describe('after it', () => {
    test.each(inOrder('after'))('$line ($where)', async ({ words, setting }) => check(words, setting!), 60_000);
  });

  test('a test alert and those of the hijack have reached the channel', () => {
    expect(receiver.messages.some((text) => text.includes('hijack'))).toBe(true);
  });

  test('a command that is not there fails', async () => {
    expect((await routewarden(['no-such-command'], {}, folder)).code).toBe(2);
  });
});
