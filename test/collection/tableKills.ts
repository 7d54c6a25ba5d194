import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { GeneratedTable } from '../../bench/fullTable/generatedTable.js';
import { packageRoot } from '../../src/config/paths.js';
import { appendEntries } from '../../src/storage/updateBatches.js';
import { ROUTES } from './killedAggregator.js';

const ENTRIES_A_STATEMENT = 40;

/** What an aggregator that begins with a table can be killed before: while it learns it, stores it and reads it back. */
export const KILLS = [
  'learns:4',
  'INSERT INTO aggregator_pages:2',
  'INSERT INTO features:1',
  'INSERT INTO cursors:2',
  'FROM aggregator_pages:2',
];

export const table = new GeneratedTable(ROUTES, 1);
/** What the stream brings after its table. */
export const updates = [...table.updates(40_000, 250)];

/** Logs the updates, or the first of them, as the stream `s`. */
export async function logUpdates(pool: Pool, batches = updates.length): Promise<void> {
  const entries = updates.slice(0, batches).map((batch, at) => ({
    position: at + 1,
    kind: 'updates' as const,
    sinceMs: batch.columns.time[0]!,
    untilMs: batch.columns.time.at(-1)!,
    messages: batch.messages,
    payload: batch.encode(),
  }));
  for (let at = 0; at < entries.length; at += ENTRIES_A_STATEMENT) {
    await appendEntries(pool, 's', entries.slice(at, at + ENTRIES_A_STATEMENT));
  }
}

export async function rowsOf(pool: Pool): Promise<unknown[]> {
  return (await pool.query('SELECT minute, values, evidence FROM features ORDER BY minute')).rows;
}

/**
 * Aggregates what is logged in a process of its own, from the table or from what an earlier one has stored.
 * @param killAt see killedAggregator; '' for none
 * @returns whether it was killed
 * @throws Error when it ends otherwise than well
 */
export async function aggregated(url: string, killAt: string): Promise<boolean> {
  const script = join(packageRoot, 'dist/test/collection/killedAggregator.js');
  const child = spawn(process.execPath, [script, url, killAt], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal === null && code !== 0) throw new Error(`the aggregator ended with code ${code}`);
  return signal === 'SIGKILL';
}
