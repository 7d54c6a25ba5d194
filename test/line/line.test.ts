import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { settingsSchema } from '../../src/config/settings.js';
import { runStory, STORY_START } from '../../src/demo/story.js';
import { Random } from '../../src/random/random.js';
import type { ServiceName } from '../../src/services/catalogue.js';
import type { System } from '../../src/services/system.js';
import { demoScenario } from '../../src/simulation/scenario.js';
import { openPool } from '../../src/storage/pool.js';
import { reachableFolder } from '../support/reachableFolder.js';
import { startRedis, type TestRedis } from '../support/redis.js';

const SEED = 7;
/** As many as a machine gets that has nothing else to do: on a busy one more would only make it busier. */
const MOST_KILLS = 20;
/** Every process but the collector (what RIS Live sent meanwhile is lost) and the trainer (its lease outlasts the test). */
const KILLED: ServiceName[] = [
  'aggregator',
  'heuristic-detector',
  'isolation-forest-detector',
  'lstm-detector',
  'ensemble',
  'correlator',
  'alerter',
  'drift-monitor',
  'dashboard',
];

interface Outcome {
  counts: Awaited<ReturnType<typeof runStory>>;
  rows: Record<string, unknown>;
  incidents: { class: string; started: number }[];
  kills: number;
}

/** A short story: 26 hours of history, the first models, then four live hours with a hijack. */
async function play(options: { redisUrl?: string | undefined; killSeed?: number }): Promise<Outcome> {
  const folder = reachableFolder('routewarden-line');
  const settings = settingsSchema.parse({
    dataDirectory: join(folder, 'data'),
    artifactDirectory: join(folder, 'artifacts'),
    redisUrl: options.redisUrl,
    queuePrefix: 'routewarden-line',
    seed: SEED,
    driftCheckIntervalSeconds: 1,
    streams: [{ name: 'demo' }],
    feed: { clock: 'feed' },
    retraining: { trainingDays: 1, heldBackMinutes: 240, jitterSeconds: 0 },
    dashboard: { port: 0, live: false },
  });
  const scenario = demoScenario(STORY_START, {
    seed: SEED,
    historyHours: 26,
    liveHours: 4,
    driftHours: 0,
    incidents: [{ class: 'hijack', hijack: 'origin', startMinute: 90, durationMinutes: 30, magnitude: 0.8 }],
  });
  let kills = 0;
  let timer: NodeJS.Timeout | undefined;
  let databaseUrl = '';
  let outcome: Omit<Outcome, 'counts' | 'kills'> | undefined;
  const disturb = (system: System) => {
    databaseUrl = system.database.databaseUrl;
    if (options.killSeed === undefined) return;
    const random = new Random(options.killSeed);
    timer = setInterval(() => {
      if (kills >= MOST_KILLS) return;
      const pid = system.supervisor.pidOf(KILLED[random.integer(KILLED.length)]!);
      if (pid === undefined) return;
      try {
        process.kill(pid, 'SIGKILL');
        kills += 1;
      } catch (error) {
        // The service is between two lives: nothing to kill.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }, 1_500);
  };
  try {
    const counts = await runStory({
      settings,
      scenario,
      seed: SEED,
      logger: pino({ level: 'silent' }),
      showLogs: false,
      stay: false,
      say: () => {},
      signal: AbortSignal.timeout(170_000),
      onSystem: disturb,
      beforeEnd: async () => {
        clearInterval(timer);
        outcome = await readRows(databaseUrl);
      },
    });
    return { counts, kills, ...outcome! };
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every row of the line as a digest a table, without what names a moment of the wall clock or a serial number. */
async function readRows(databaseUrl: string): Promise<Omit<Outcome, 'counts' | 'kills'>> {
  const pool = openPool(databaseUrl, { name: 'test', onError: () => {} });
  const digest = async (query: string) =>
    (
      await pool.query(
        `SELECT count(*) AS rows, md5(string_agg(t::text, chr(10) ORDER BY t::text)) AS md5 FROM (${query}) t`,
      )
    ).rows[0];
  const rows = {
    features: await digest('SELECT stream, minute, kind, values, evidence FROM features'),
    scores: await digest(
      `SELECT s.stream, s.kind, s.minute, v.version, s.score, s.surprise, s.threshold, s.anomalous, s.explanation
       FROM scores s JOIN model_versions v ON v.id = s.version_id`,
    ),
    verdicts: await digest('SELECT stream, minute, score, threshold, anomalous, votes, missing FROM verdicts'),
    incidents: await digest('SELECT stream, started_at, ended_at, severity, class, reasons, culprits FROM incidents'),
  };
  const incidents = await pool.query(
    'SELECT class, (extract(epoch FROM started_at) / 60)::bigint AS started FROM incidents ORDER BY started_at',
  );
  await pool.end();
  return { rows, incidents: incidents.rows };
}

describe('the whole line', () => {
  let redis: TestRedis | null = null;
  let undisturbed: Outcome;

  // Its queues are on Redis and those of the other on PostgreSQL: the same rows tell that neither store nor kills matter.
  beforeAll(async () => {
    redis = await startRedis();
    undisturbed = await play({ redisUrl: redis?.url });
  }, 180_000);
  afterAll(async () => {
    await redis?.stop();
  });

  test('makes rows, verdicts and an incident of the scripted class from BGP messages, and misses no minute', () => {
    const { counts, incidents } = undisturbed;
    expect(counts.updates).toBeGreaterThan(20_000);
    expect(counts.retrains).toBe(3);
    expect(counts.missed_minutes).toBe(0);
    expect(counts.verdicts).toBeGreaterThanOrEqual(230);
    const start = STORY_START + 26 * 60 + 90;
    const found = incidents.find(({ class: name }) => name === 'hijack');
    expect(found).toBeDefined();
    expect(Math.abs(found!.started - start)).toBeLessThanOrEqual(15);
  });

  test('makes the same rows with its queues on PostgreSQL, when its processes are killed with -9 again and again', async () => {
    const disturbed = await play({ killSeed: 1 });
    expect(disturbed.kills).toBeGreaterThanOrEqual(5);
    expect(disturbed.counts.missed_minutes).toBe(0);
    expect(disturbed.rows).toEqual(undisturbed.rows);
  }, 180_000);
});
