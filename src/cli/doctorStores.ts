import { statfs } from 'node:fs/promises';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Settings } from '../config/settings.js';
import { databaseFacts } from '../storage/databaseFacts.js';

export interface Finding {
  check: string;
  ok: boolean;
  finding: string;
  /** What to do when it is not. */
  remedy: string;
}

const LEAST_FREE_BYTES = 1_000_000_000;
const LARGEST_CLOCK_DIFFERENCE_SECONDS = 2;

export const CLOCK_REMEDY = 'let NTP set the clocks of all machines: leases, heartbeats and minutes compare them';

export async function checkDatabase(pool: Pool): Promise<Finding[]> {
  const { version, now, migrated, bytes } = await databaseFacts(pool);
  const difference = Math.abs(Date.now() - now.getTime()) / 1000;
  const size = `${(bytes / 1e6).toFixed(0)} MB`;
  return [
    {
      check: 'database',
      ok: true,
      finding: `PostgreSQL ${version}, all ${migrated} migrations applied, ${size}`,
      remedy: '',
    },
    {
      check: 'clocks',
      ok: difference < LARGEST_CLOCK_DIFFERENCE_SECONDS,
      finding: `this machine and the database differ by ${difference.toFixed(1)} s`,
      remedy: CLOCK_REMEDY,
    },
  ];
}

/** @param error why the database could not be opened */
export function databaseAway(error: Error): Finding {
  const newer = /newer Routewarden/.test(error.message);
  const none = /there is no database here|nothing of Routewarden|older than this program/.test(error.message);
  return {
    check: 'database',
    ok: false,
    finding: error.message,
    remedy: newer
      ? 'run the newer version, or name another database'
      : none
        ? 'start the system with `routewarden start`, or give the settings of the one that runs'
        : 'start PostgreSQL or correct DATABASE_URL; the own one needs a writable data directory with room',
  };
}

export async function checkRedis({ redisUrl }: Settings): Promise<Finding[]> {
  if (redisUrl === undefined) return [];
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    maxRetriesPerRequest: 1,
    retryStrategy: null,
  });
  redis.on('error', () => {}); // the failed command below carries the same error
  try {
    await redis.connect();
    const [, policy] = (await redis.config('GET', 'maxmemory-policy')) as [string, string];
    const [seconds] = await redis.time();
    const difference = Math.abs(Date.now() / 1000 - Number(seconds));
    return [
      {
        check: 'redis',
        ok: policy === 'noeviction',
        finding: `reachable, maxmemory-policy is ${policy}`,
        remedy:
          'set it: redis-cli config set maxmemory-policy noeviction, and in redis.conf; any other lets Redis throw jobs away',
      },
      {
        check: 'redis clock',
        // Redis gives whole seconds.
        ok: difference < LARGEST_CLOCK_DIFFERENCE_SECONDS + 1,
        finding: `this machine and Redis differ by ${difference.toFixed(0)} s`,
        remedy: CLOCK_REMEDY,
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

export async function checkDisk(settings: Settings): Promise<Finding> {
  const { bavail, bsize } = await statfs(settings.databaseUrl === undefined ? settings.dataDirectory : '.').catch(() =>
    statfs('.'),
  );
  const free = bavail * bsize;
  return {
    check: 'disk',
    ok: free > LEAST_FREE_BYTES,
    finding: `${(free / 1e9).toFixed(1)} GB free`,
    remedy: 'make room, or keep less (retention settings): PostgreSQL stops when the disk is full',
  };
}
