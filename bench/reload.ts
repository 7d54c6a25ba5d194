import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { openRetrainQueue } from '../queues/retrain.js';
import { QueueStore } from '../queues/store.js';
import { settingsSchema } from '../src/config/settings.js';
import { MODEL_KINDS, type ModelKey } from '../src/models/model.js';
import { modelKey, parseModelKey } from '../src/models/modelKey.js';
import { requestRetrain } from '../src/retraining/request.js';
import { System } from '../src/services/system.js';
import { currentActivation } from '../src/storage/activations.js';
import { notify } from '../src/storage/notifications.js';
import { openPool } from '../src/storage/pool.js';
import { START, writeFeatures } from '../test/drift/seededStream.js';
import type { Bench, BenchResult } from './result.js';

const STREAM = 'bench';
const HISTORY_MINUTES = 1_560;
/** A row comes so often; the wait for the next one is part of what is measured. */
const ROW_MILLISECONDS = 100;
const POLL_MILLISECONDS = 5;

/** Minutes come one after the other, as a feed's do but faster. */
class Feed {
  next = START + HISTORY_MINUTES;
  private ended = false;
  private readonly running: Promise<void>;

  constructor(pool: Pool) {
    this.running = this.run(pool);
  }

  private async run(pool: Pool): Promise<void> {
    while (!this.ended) {
      const began = performance.now();
      await writeFeatures(pool, STREAM, this.next, this.next + 1, { seed: this.next });
      this.next += 1;
      await notify(pool, 'features', STREAM);
      await sleep(Math.max(0, ROW_MILLISECONDS - (performance.now() - began)));
    }
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.running;
  }
}

/**
 * One whole retrain by the running trainer.
 * @returns milliseconds from the begin of the publishing transaction to the moment when a row that the new version
 *   scored is seen from another connection; all by the database's clock
 */
async function publishOnce(pool: Pool, retrain: () => Promise<unknown>, key: ModelKey): Promise<number> {
  const { kind, stream } = parseModelKey(key);
  const before = (await currentActivation(pool, key))?.id ?? 0;
  await retrain();
  const until = Date.now() + 120_000;
  while (Date.now() < until) {
    const { rows } = await pool.query<{ milliseconds: number }>(
      `SELECT (extract(epoch FROM clock_timestamp() - a.at) * 1000)::float8 AS milliseconds FROM activations a
       WHERE a.model_key = $1 AND a.id > $2
         AND EXISTS (SELECT 1 FROM scores s WHERE s.stream = $3 AND s.kind = $4 AND s.version_id = a.version_id)`,
      [key, before, stream, kind],
    );
    if (rows[0]) return rows[0].milliseconds;
    await sleep(POLL_MILLISECONDS);
  }
  const { rows } = await pool.query(
    'SELECT state, detail FROM retrain_runs WHERE model_key = $1 ORDER BY id DESC LIMIT 1',
    [key],
  );
  throw new Error(`no row of a new version of ${key} within two minutes: ${JSON.stringify(rows[0])}`);
}

/** Minutes since the first publish without a score, and those that another version scored than the one then active. */
async function faults(pool: Pool, last: number): Promise<{ missed: number; mixed: number; scored: number }> {
  const { rows } = await pool.query<{ missed: number; mixed: number; scored: number }>(
    `SELECT count(*) FILTER (WHERE s.minute IS NULL)::integer AS missed, count(s.minute)::integer AS scored,
       count(*) FILTER (WHERE s.version_id <> active.version_id)::integer AS mixed
     FROM unnest($2::text[]) AS wanted (kind)
     JOIN features f ON f.stream = $1 AND f.minute <= to_timestamp($3::bigint * 60)
       AND f.minute >= (SELECT min(from_minute) FROM activations WHERE model_key = wanted.kind || '@' || $1)
     LEFT JOIN scores s ON s.stream = f.stream AND s.kind = wanted.kind AND s.minute = f.minute
     LEFT JOIN LATERAL (SELECT version_id FROM activations a WHERE a.model_key = wanted.kind || '@' || $1
       AND a.from_minute <= f.minute ORDER BY a.from_minute DESC, a.id DESC LIMIT 1) active ON true`,
    [STREAM, [...MODEL_KINDS], last],
  );
  return rows[0]!;
}

async function scoredUpTo(pool: Pool, last: number): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const { rows } = await pool.query<{ behind: number }>(
      `SELECT count(*)::integer AS behind FROM cursors WHERE stream = $1 AND stage LIKE 'detector %' AND position < $2`,
      [STREAM, last],
    );
    if (rows[0]!.behind === 0) return;
    await sleep(100);
  }
  throw new Error('the detectors did not come to the end');
}

/**
 * The real trainer retrains and publishes again and again while the three real detectors score a row every 100 ms. The gate
 * is wide open: what it decides is not measured here.
 */
export const bench: Bench = {
  name: 'reload',
  async run({ quick = false }): Promise<BenchResult[]> {
    const publishes = quick ? 6 : 100;
    const folder = await mkdtemp(join(tmpdir(), 'routewarden-reload-'));
    const settings = settingsSchema.parse({
      dataDirectory: join(folder, 'data'),
      artifactDirectory: join(folder, 'artifacts'),
      streams: [{ name: STREAM }],
      logLevel: 'error',
      retraining: {
        trainingDays: 1,
        heldBackMinutes: 120,
        maximumAnomalyRate: 1,
        championMargin: 1,
        examMargin: 1,
        sensitivityBudget: 1,
      },
    });
    const system = await System.start({
      settings,
      logger: pino({ level: 'silent' }),
      services: ['heuristic-detector', 'isolation-forest-detector', 'lstm-detector', 'trainer'],
      onLine: (service, line) => process.stderr.write(`${service}: ${line}\n`),
      onHopeless: () => {},
      onDatabaseLost: () => {},
    });
    const { databaseUrl } = system.database;
    const pool = openPool(databaseUrl, { name: 'bench', onError: () => {} });
    const queues = new QueueStore({ ...settings, databaseUrl }, () => {});
    let feed: Feed | null = null;
    try {
      const queue = openRetrainQueue(queues);
      await writeFeatures(pool, STREAM, START, START + HISTORY_MINUTES, { seed: 1 });
      feed = new Feed(pool);
      const publish = async (key: ModelKey) => {
        const trigger = { kind: 'manual', actor: 'bench' } as const;
        return publishOnce(
          pool,
          () => requestRetrain(pool, queue, { modelKey: key, trigger }, settings.retraining),
          key,
        );
      };
      // The first versions are no reload.
      for (const kind of MODEL_KINDS) await publish(modelKey(kind, STREAM));
      const times: number[] = [];
      for (let i = 0; i < publishes; i++) {
        times.push(await publish(modelKey(MODEL_KINDS[i % MODEL_KINDS.length]!, STREAM)));
        if ((i + 1) % 10 === 0) process.stderr.write(`${i + 1} of ${publishes} publishes\n`);
      }
      await feed.end();
      const last = feed.next - 1;
      await scoredUpTo(pool, last);
      const { missed, mixed, scored } = await faults(pool, last);
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)]!;
      const line = (what: string, ours: number, unit: string, goal: string): BenchResult => ({
        what,
        ours: Math.round(ours),
        yardstick: null,
        yardstick_name: 'none',
        unit,
        ratio: null,
        goal,
      });
      return [
        line(`publish to first scored row, ${publishes} publishes of three kinds, median`, at(0.5), 'ms', ''),
        line('publish to first scored row, p99', at(0.99), 'ms', '< 1000'),
        line('publish to first scored row, longest', at(1), 'ms', ''),
        line(`minutes missed, of ${scored + missed}`, missed, 'minutes', '0'),
        line('minutes scored by another version than the active one', mixed, 'minutes', '0'),
      ];
    } finally {
      await feed?.end().catch(() => undefined);
      await queues.close();
      await pool.end();
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
