import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Pool, PoolClient } from 'pg';
import { asOfOneMoment } from '../storage/pool.js';
import { dumpRows, listMigrations, listTables } from '../storage/tableDump.js';
import { BACKUP_FORMAT, type BackupHeader, CURSORS_LEFT_OUT, TABLES_LEFT_OUT } from './format.js';

export interface BackupOptions {
  program: string;
  now: () => Date;
  onTable?: (table: string) => void;
}

/**
 * Writes models and history to a file, as of one moment, while the system goes on. The file appears whole or not at
 * all: it is written beside and renamed.
 * @returns rows by table
 */
export async function writeBackup(pool: Pool, file: string, options: BackupOptions): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  const partial = `${file}.${process.pid}.part`;
  try {
    await asOfOneMoment(pool, (client) =>
      pipeline(
        Readable.from(joined(lines(client, rows, options))),
        createGzip(),
        createWriteStream(partial, { mode: 0o600 }),
      ),
    );
    await rename(partial, file);
    return rows;
  } catch (error) {
    await rm(partial, { force: true });
    // Whoever asked knows the file by its own name.
    if ((error as NodeJS.ErrnoException).path === partial) Object.assign(error as Error, { path: file });
    throw error;
  }
}

async function* lines(client: PoolClient, counts: Record<string, number>, options: BackupOptions) {
  const digest = createHash('sha256');
  const line = (text: string) => {
    const whole = `${text}\n`;
    digest.update(whole);
    return whole;
  };
  const header: BackupHeader = {
    routewarden_backup: BACKUP_FORMAT,
    program: options.program,
    created_at: options.now().toISOString(),
    schema: await listMigrations(client),
  };
  yield line(JSON.stringify(header));
  for (const table of await listTables(client)) {
    if (TABLES_LEFT_OUT.includes(table.table)) continue;
    options.onTable?.(table.table);
    yield line(JSON.stringify(table));
    let count = 0;
    const leftOut = table.table === 'cursors' ? { column: 'stage', values: CURSORS_LEFT_OUT } : undefined;
    for await (const row of dumpRows(client, table, leftOut)) {
      yield line(row);
      count += 1;
    }
    counts[table.table] = count;
  }
  yield `${JSON.stringify({ rows: counts, sha256: digest.digest('hex') })}\n`;
}

const BLOCK_CHARACTERS = 64 * 1024;

/** Small lines together: a stream turns once a piece. */
async function* joined(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let block: string[] = [];
  let characters = 0;
  for await (const piece of pieces) {
    block.push(piece);
    characters += piece.length;
    if (characters < BLOCK_CHARACTERS) continue;
    yield block.join('');
    block = [];
    characters = 0;
  }
  if (block.length > 0) yield block.join('');
}
