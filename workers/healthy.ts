/**
 * Whether services of this machine (a container, too) are alive: `node dist/program/healthy.js NAME...`, for health
 * checks. Exit code 0 when each has beaten lately by the database's clock, else 1 with the names of the others.
 */
import { hostname } from 'node:os';
import { loadSettings } from '../src/config/load.js';
import { findService } from '../src/services/catalogue.js';
import { openPool } from '../src/storage/pool.js';
import { silentOn } from '../src/storage/services.js';

const BEATEN_SECONDS = 20;

try {
  const names = process.argv.slice(2).map((name) => findService(name).name);
  const { databaseUrl } = loadSettings(process.env).settings;
  if (names.length === 0 || databaseUrl === undefined) throw new Error('names of services and DATABASE_URL are needed');
  const pool = openPool(databaseUrl, { name: 'healthy', maximum: 1, onError: () => {} });
  const silent = await silentOn(pool, hostname(), names, BEATEN_SECONDS);
  await pool.end();
  if (silent.length > 0) throw new Error(`no heartbeat for ${BEATEN_SECONDS} s: ${silent.join(', ')}`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
