import { statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Settings } from '../config/settings.js';
import { streamStatus } from '../storage/statusQueries.js';
import { printJson } from './output.js';
import { readStatus } from './status.js';
import { withStore } from './store.js';

interface Finding {
  check: string;
  ok: boolean;
  finding: string;
  /** What to do; empty when all is well. */
  remedy: string;
}

const LEAST_FREE_BYTES = 1_000_000_000;
const LARGEST_CLOCK_DIFFERENCE_SECONDS = 2;

export function register(program: Command): void {
  program
    .command('doctor')
    .description('Check the stores, the feed, services, disk and clocks; each problem comes with its remedy.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden doctor\n\nExit code 1 when something is wrong.')
    .action(async (options: { json?: boolean }) => {
      const findings = await withStore(program, async ({ pool, settings }) => [
        ...(await checkDatabase(pool)),
        ...(await checkRedis(settings)),
        ...(await checkStreams(pool, settings)),
        ...(await checkServices(pool)),
        await checkDisk(settings),
      ]);
      const healthy = findings.every(({ ok }) => ok);
      if (options.json) printJson({ healthy, findings });
      else {
        for (const { check, ok, finding, remedy } of findings) {
          process.stdout.write(
            `${ok ? 'ok     ' : 'PROBLEM'}  ${check}: ${finding}\n${ok ? '' : `         -> ${remedy}\n`}`,
          );
        }
      }
      if (!healthy) process.exitCode = 1;
    });
}

async function checkDatabase(pool: Pool): Promise<Finding[]> {
  const { rows } = await pool.query<{ version: string; now: Date; migrated: number }>(
    `SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
       (SELECT count(*) FROM routewarden_migrations) AS migrated`,
  );
  const { version, now, migrated } = rows[0]!;
  const difference = Math.abs(Date.now() - now.getTime()) / 1000;
  return [
    { check: 'database', ok: true, finding: `PostgreSQL ${version}, ${migrated} migrations applied`, remedy: '' },
    {
      check: 'clocks',
      ok: difference < LARGEST_CLOCK_DIFFERENCE_SECONDS,
      finding: `this machine and the database differ by ${difference.toFixed(1)} s`,
      remedy: 'let NTP set both clocks: leases and heartbeats compare them',
    },
  ];
}

async function checkRedis(settings: Settings): Promise<Finding[]> {
  if (settings.redisUrl === undefined) return [];
  const redis = new Redis(settings.redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: null });
  redis.on('error', () => {}); // the failed command below carries the same error
  try {
    await redis.connect();
    const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as [string, string];
    return [
      {
        check: 'redis',
        ok: policy === 'noeviction',
        finding: `reachable, maxmemory-policy is ${policy}`,
        remedy: 'set maxmemory-policy to noeviction: any other lets Redis throw jobs away',
      },
    ];
  } catch (error) {
    return [
      { check: 'redis', ok: false, finding: (error as Error).message, remedy: 'start Redis, or correct REDIS_URL' },
    ];
  } finally {
    redis.disconnect();
  }
}

async function checkStreams(pool: Pool, settings: Settings): Promise<Finding[]> {
  const streams = await streamStatus(pool);
  if (streams.length === 0) {
    return [
      {
        check: 'streams',
        ok: false,
        finding: 'none has been read yet',
        remedy: 'start the system: `routewarden start`',
      },
    ];
  }
  return streams.map(({ stream, watermark }) => {
    const behind = watermark === null ? null : Math.round(Date.now() / 60_000 - watermark);
    const live = settings.feed.clock === 'wall';
    return {
      check: `stream ${stream}`,
      ok: watermark !== null && (!live || behind! < 5),
      finding: watermark === null ? 'has no minute yet' : `newest minute is ${behind} min old`,
      remedy: 'see whether the collector and the aggregator run (`routewarden status`) and the feed can be reached',
    };
  });
}

async function checkServices(pool: Pool): Promise<Finding[]> {
  const { services } = await readStatus(pool);
  const silent = services.filter(({ state }) => state === 'silent' || state === 'failed');
  return [
    {
      check: 'services',
      ok: silent.length === 0 && services.some(({ state }) => state === 'running'),
      finding:
        silent.length > 0
          ? `without a heartbeat: ${silent.map(({ name, host }) => `${name} on ${host}`).join(', ')}`
          : `${services.filter(({ state }) => state === 'running').length} running`,
      remedy: 'start them with `routewarden start`, and see their log for why they ended',
    },
  ];
}

async function checkDisk(settings: Settings): Promise<Finding> {
  const { bavail, bsize } = await statfs(settings.databaseUrl === undefined ? settings.dataDirectory : '.');
  const free = bavail * bsize;
  return {
    check: 'disk',
    ok: free > LEAST_FREE_BYTES,
    finding: `${(free / 1e9).toFixed(1)} GB free`,
    remedy: 'make room: PostgreSQL stops when the disk is full',
  };
}
