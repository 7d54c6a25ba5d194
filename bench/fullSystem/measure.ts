import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { packageRoot } from '../../src/config/paths.js';
import { settingsSchema } from '../../src/config/settings.js';
import { openDatabase } from '../../src/storage/database.js';
import { freePort } from '../../src/storage/freePort.js';
import { openPool } from '../../src/storage/pool.js';
import { startRedis } from '../../test/support/redis.js';
import { COLLECTOR, OneTable } from './archive.js';
import { byName, familyOf, memoryOf } from './processes.js';

const PEERS = 60;
const SEED = 1;
const SAMPLE_MS = 1000;
const LONGEST_PHASE_MS = 15 * 60_000;
/** The stream has caught up when its newest message taken is so little behind the log's. */
const CAUGHT_UP_MS = 5_000;
const SERVING_MS = 60_000;
const ROOM = 1.1;

/** A stretch of the system's life: what it took, and what it had at most. */
export interface Phase {
  name: string;
  seconds: number;
  /** Sum over all processes at the sample at which it was greatest. */
  bytes: number;
  /** Of that sample, by process. */
  parts: [name: string, bytes: number][];
  /** Longest that the aggregator kept others waiting. */
  pause: Pause;
}

interface Pause {
  wallMs: number;
  /** Of its main thread's processor time. */
  processorMs: number;
}

export interface SystemMeasure {
  routes: number;
  dumpBytes: number;
  phases: Phase[];
}

/** `routewarden start` on a feed and an archive of this machine, with its own PostgreSQL and a Redis. */
export async function measureSystem(folder: string, routes: number, messagesPerSecond: number): Promise<SystemMeasure> {
  mkdirSync(folder, { recursive: true });
  const archive = await OneTable.open(folder, routes, SEED, PEERS);
  process.stderr.write(`full-system: a dump of ${Math.round(archive.bytes / 1e6)} MB is there\n`);
  const redis = await startRedis();
  const sender = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('../feed/sender.js', import.meta.url)),
      JSON.stringify({ messagesPerSecond, seconds: 3600, seed: SEED, table: { routes, peers: PEERS } }),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let system: ChildProcess | null = null;
  try {
    const settings = {
      dataDirectory: join(folder, 'data'),
      artifactDirectory: join(folder, 'artifacts'),
      redisUrl: redis?.url,
      streams: [{ name: COLLECTOR, host: COLLECTOR }],
      feed: { url: await listening(sender) },
      archive: { url: archive.url, heal: false },
      features: { routes: Math.round(routes * ROOM) },
      dashboard: { port: await freePort() },
    };
    const file = join(folder, 'settings.json');
    writeFileSync(file, JSON.stringify(settings));
    system = spawn(process.execPath, [join(packageRoot, 'bin/routewarden.js'), 'start', '--log-json'], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: {
        ...process.env,
        ROUTEWARDEN_CONFIG: file,
        BENCH_PAUSES: folder,
        NODE_OPTIONS: `--import ${new URL('./pauses.js', import.meta.url).href}`,
      },
    });
    const life = new Life(folder, system, redis?.process.pid);
    const phases = [await life.until('learning the dump', async () => life.said('the stream begins with a table'))];
    const database = await openDatabase(settingsSchema.parse(settings), {
      share: true,
      lookOnly: true,
      log: () => undefined,
    });
    const pool = openPool(database.databaseUrl, { name: 'bench', maximum: 1, onError: () => undefined });
    try {
      phases.push(await life.until('storing it first', async () => (await storedAt(pool)) !== null));
      phases.push(await life.until('what came meanwhile', () => caughtUp(pool)));
      const began = Date.now();
      phases.push(await life.until('serving', async () => Date.now() - began > SERVING_MS));
      const before = await storedAt(pool);
      phases.push(await life.until('to the next snapshot', async () => (await storedAt(pool)) !== before));
      const held = await latestRoutes(pool);
      const aggregator = life.pidOf('aggregator')!;
      process.kill(aggregator, 'SIGKILL');
      const back = async () => (await heardOf(pool, aggregator)) && (await caughtUp(pool));
      phases.push(await life.until('back after kill -9 of the aggregator', back));
      const again = await latestRoutes(pool);
      if (again < held) throw new Error(`${again} routes came back`);
      return { routes, dumpBytes: archive.bytes, phases };
    } finally {
      await pool.end();
      await database.close();
    }
  } finally {
    sender.stdin.end();
    if (system !== null && system.exitCode === null) {
      const ended = new Promise((done) => system!.once('exit', done));
      system.kill('SIGTERM');
      await ended;
    }
    await redis?.stop();
    archive.close();
  }
}

/** The running system, looked at each second. */
class Life {
  readonly #lines: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly system: ChildProcess,
    private readonly redis: number | undefined,
  ) {
    createInterface({ input: system.stderr! }).on('line', (line) => {
      this.#lines.push(line);
      const level = /"level":(\d+)/.exec(line)?.[1];
      if (level !== undefined && Number(level) >= 40) process.stderr.write(`${line}\n`);
    });
  }

  said(words: string): boolean {
    return this.#lines.some((line) => line.includes(words));
  }

  pidOf(name: string): number | undefined {
    return this.#memory().find((one) => one.name === name)?.pid;
  }

  async until(name: string, reached: () => Promise<boolean>): Promise<Phase> {
    const began = Date.now();
    let bytes = 0;
    let parts: Phase['parts'] = [];
    for (;;) {
      const now = this.#memory();
      const sum = now.reduce((total, one) => total + one.bytes, 0);
      if (sum > bytes) {
        bytes = sum;
        parts = byName(now);
      }
      if (await reached()) break;
      if (this.system.exitCode !== null) throw new Error(`the system ended while ${name}`);
      if (Date.now() - began > LONGEST_PHASE_MS) throw new Error(`${name} took more than ${LONGEST_PHASE_MS} ms`);
      await sleep(SAMPLE_MS);
    }
    const seconds = (Date.now() - began) / 1000;
    const phase = { name, seconds, bytes, parts, pause: this.#longestPause(began) };
    process.stderr.write(`full-system: ${JSON.stringify(phase)}\n`);
    return phase;
  }

  #memory() {
    const pids = familyOf(this.system.pid!);
    return memoryOf(this.redis === undefined ? pids : [...pids, this.redis]);
  }

  #longestPause(since: number): Pause {
    const lines = readFileSync(join(this.folder, 'pauses'), 'utf8').trim().split('\n');
    const pauses = lines
      .map((line) => JSON.parse(line) as { at: number; longestWall: number; longestProcessor: number })
      .filter(({ at }) => at > since);
    return {
      wallMs: Math.max(0, ...pauses.map(({ longestWall }) => longestWall)),
      processorMs: Math.max(0, ...pauses.map(({ longestProcessor }) => longestProcessor)),
    };
  }
}

async function listening(sender: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: sender.stdout! })) {
    const news = JSON.parse(line) as { at: string; url?: string };
    if (news.at !== 'listening') continue;
    // what else it says is not needed, and must not fill the pipe
    sender.stdout!.resume();
    return news.url!;
  }
  throw new Error('the sender ended');
}

/** When the aggregator's stand was stored last, as text; null before the first time. */
async function storedAt(pool: Pool): Promise<string | null> {
  const { rows } = await pool.query<{ at: string }>(
    `SELECT updated_at::text AS at FROM cursors WHERE stage = 'aggregator' AND stream = $1`,
    [COLLECTOR],
  );
  return rows[0]?.at ?? null;
}

/** Whether the aggregator has taken what the log has; a busy machine's sender and collector may be late themselves. */
async function caughtUp(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ taken: number | null; logged: Date | null }>(
    `SELECT (detail -> $1 ->> 'takenUntilMs')::float8 AS taken,
            (SELECT until FROM update_batches WHERE stream = $1 ORDER BY position DESC LIMIT 1) AS logged
       FROM services WHERE name = 'aggregator' ORDER BY heartbeat_at DESC LIMIT 1`,
    [COLLECTOR],
  );
  const { taken, logged } = rows[0] ?? { taken: null, logged: null };
  return taken !== null && logged !== null && logged.getTime() - taken < CAUGHT_UP_MS;
}

/** Whether an aggregator other than the killed one has knowledge. */
async function heardOf(pool: Pool, killed: number): Promise<boolean> {
  const { rows } = await pool.query<{ pid: number; known: boolean }>(
    `SELECT pid, detail -> $1 ->> 'routes' IS NOT NULL AS known FROM services
      WHERE name = 'aggregator' ORDER BY heartbeat_at DESC LIMIT 1`,
    [COLLECTOR],
  );
  return rows[0] !== undefined && rows[0].pid !== killed && rows[0].known;
}

async function latestRoutes(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ routes: number | null }>(
    `SELECT (detail -> $1 ->> 'routes')::float8 AS routes FROM services
      WHERE name = 'aggregator' ORDER BY heartbeat_at DESC LIMIT 1`,
    [COLLECTOR],
  );
  return rows[0]?.routes ?? 0;
}
