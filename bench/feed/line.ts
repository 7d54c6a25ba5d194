import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { settingsSchema } from '../../src/config/settings.js';
import { System } from '../../src/services/system.js';
import { openPool } from '../../src/storage/pool.js';
import { processorSeconds } from './processorTime.js';
import type { SenderNews, SenderOptions } from './sender.js';

const STREAM = 'bench';
const GRACE_SECONDS = 5;
const SAMPLE_MS = 250;
/** Longest time without progress before the bench gives up. */
const PATIENCE_MS = 120_000;

interface Lag {
  median: number;
  greatest: number;
}

export interface FeedMeasure {
  offered: number;
  offeredSeconds: number;
  sent: number;
  /** From the first message to the last one sent, and to the last one stored. */
  seconds: number;
  storedSeconds: number;
  /** Sent and not in the log. */
  lost: number;
  gaps: number;
  minutes: number;
  /** Minutes whose announcements or withdrawals in the features table are not those sent. */
  unequalMinutes: number;
  /** Age of the newest stored message while sending, seconds. */
  logLag: Lag;
  /** How long after the end of a minute and its grace its row stood in the table, seconds. */
  featureLag: Lag;
  /** The collector's log said that it is behind. */
  behind: boolean;
  /** Processor seconds of each process while sending. */
  processor: Record<'collector' | 'aggregator' | 'sender', number | null>;
}

class Sender {
  readonly news: SenderNews[] = [];
  readonly process: ChildProcess;

  constructor(options: SenderOptions) {
    const file = fileURLToPath(new URL('./sender.js', import.meta.url));
    this.process = spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      this.news.push(JSON.parse(line) as SenderNews);
    });
  }

  latest<T extends SenderNews['at']>(at: T): Extract<SenderNews, { at: T }> | undefined {
    return this.news.findLast((one) => one.at === at) as Extract<SenderNews, { at: T }> | undefined;
  }

  async until<T extends SenderNews['at']>(at: T): Promise<Extract<SenderNews, { at: T }>> {
    const began = performance.now();
    for (;;) {
      const news = this.latest(at);
      if (news !== undefined) return news;
      if (this.process.exitCode !== null || performance.now() - began > PATIENCE_MS) {
        throw new Error(`the sender ended, or did nothing for ${PATIENCE_MS / 1000} s, before it was "${at}"`);
      }
      await sleep(50);
    }
  }

  end(): void {
    this.process.stdin?.end();
  }
}

function lagOf(samples: number[]): Lag {
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? 0, greatest: sorted.at(-1) ?? 0 };
}

/** Time of the newest stored message, ms. */
async function storedUntil(pool: Pool): Promise<number | null> {
  const { rows } = await pool.query<{ until: Date }>(
    'SELECT until FROM update_batches WHERE stream = $1 ORDER BY position DESC LIMIT 1',
    [STREAM],
  );
  return rows[0]?.until.getTime() ?? null;
}

async function messagesInLog(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ messages: number }>(
    'SELECT coalesce(sum(messages), 0)::float8 AS messages FROM update_batches WHERE stream = $1',
    [STREAM],
  );
  return rows[0]!.messages;
}

/** Waits for something that goes on as long as its number changes. */
async function settled(reached: () => Promise<[done: boolean, progress: number]>): Promise<void> {
  let last = -1;
  let since = performance.now();
  for (;;) {
    const [done, progress] = await reached();
    if (done) return;
    if (progress !== last) since = performance.now();
    last = progress;
    if (performance.now() - since > PATIENCE_MS) return;
    await sleep(SAMPLE_MS);
  }
}

/**
 * A sender, the collector, the aggregator and PostgreSQL as processes of their own on this machine. What was sent is
 * compared with the log and with the features, minute by minute.
 */
export async function measureFeed(folder: string, options: SenderOptions): Promise<FeedMeasure> {
  const sender = new Sender(options);
  let system: System | null = null;
  let pool: Pool | null = null;
  let behind = false;
  try {
    const { url } = await sender.until('listening');
    system = await System.start({
      settings: settingsSchema.parse({
        dataDirectory: folder,
        artifactDirectory: folder,
        streams: [{ name: STREAM }],
        feed: { url, graceSeconds: GRACE_SECONDS },
        archive: { heal: false },
      }),
      logger: pino({ level: 'silent' }),
      services: ['collector', 'aggregator'],
      onLine: (service, line) => {
        const level = /"level":(\d+)/.exec(line)?.[1];
        if (line.includes('behind the feed')) behind = true;
        if (level === undefined || Number(level) >= 40) process.stderr.write(`${service}: ${line}\n`);
      },
      onHopeless: (service, reason) => process.stderr.write(`${service}: ${reason}\n`),
      onDatabaseLost: (code) => process.stderr.write(`PostgreSQL ended with ${code}\n`),
    });
    pool = openPool(system.database.databaseUrl, { name: 'bench', maximum: 2, onError: () => undefined });
    await sender.until('started');
    const started = Date.now();
    const pids = {
      collector: system.supervisor.pidOf('collector')!,
      aggregator: system.supervisor.pidOf('aggregator')!,
      sender: sender.process.pid!,
    };
    const used = () =>
      Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, processorSeconds(pid)])) as Record<
        keyof typeof pids,
        number | null
      >;
    const before = used();
    const logLag: number[] = [];
    let told = 0;
    while (sender.latest('sent') === undefined) {
      const stored = await storedUntil(pool);
      const seconds = (Date.now() - started) / 1000;
      if (stored !== null) logLag.push((Date.now() - stored) / 1000);
      if (seconds - told >= 5) {
        told = seconds;
        const log = logLag.at(-1)?.toFixed(2);
        const sent = sender.latest('sending')?.sent ?? 0;
        process.stderr.write(`feed: ${Math.round(seconds)} s, ${sent} sent, the log is ${log} s behind\n`);
      }
      await sleep(SAMPLE_MS);
    }
    const { sent, seconds, minutes } = await sender.until('sent');
    const after = used();
    const processor = Object.fromEntries(
      Object.entries(after).map(([name, end]) => {
        const begin = before[name as keyof typeof pids];
        return [name, end === null || begin === null ? null : end - begin];
      }),
    ) as FeedMeasure['processor'];
    const database = pool;
    await settled(async () => {
      const stored = await messagesInLog(database);
      return [stored >= sent, stored];
    });
    const storedSeconds = (Date.now() - started) / 1000;
    const last = Math.max(...Object.keys(minutes).map(Number));
    await settled(async () => {
      const { rows } = await database.query<{ minute: Date | null }>(
        'SELECT max(minute) AS minute FROM features WHERE stream = $1',
        [STREAM],
      );
      const minute = rows[0]?.minute?.getTime() ?? 0;
      return [minute >= last * 60_000, minute];
    });
    const { rows: features } = await database.query<{ minute: Date; values: number[]; late: number }>(
      `SELECT minute, values, extract(epoch FROM created_at - minute)::float8 - 60 - $2 AS late
       FROM features WHERE stream = $1 AND extract(epoch FROM minute)::int / 60 = ANY($3)`,
      [STREAM, GRACE_SECONDS, Object.keys(minutes).map(Number)],
    );
    const byMinute = new Map(features.map((row) => [row.minute.getTime() / 60_000, row]));
    const unequal = Object.entries(minutes).filter(([minute, counts]) => {
      const row = byMinute.get(Number(minute));
      return row?.values[0] !== counts.announcements || row.values[1] !== counts.withdrawals;
    });
    const { rows: gaps } = await database.query('SELECT 1 FROM feed_gaps WHERE stream = $1', [STREAM]);
    return {
      offered: options.messagesPerSecond,
      offeredSeconds: options.seconds,
      sent,
      seconds,
      storedSeconds,
      lost: sent - (await messagesInLog(database)),
      gaps: gaps.length,
      minutes: Object.keys(minutes).length,
      unequalMinutes: unequal.length,
      logLag: lagOf(logLag),
      featureLag: lagOf(features.map(({ late }) => late)),
      behind,
      processor,
    };
  } finally {
    sender.end();
    await pool?.end();
    await system?.stop();
  }
}
