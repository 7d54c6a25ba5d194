import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { z } from 'zod';
import { inTransaction } from '../storage/pool.js';
import { beginLogAnew } from '../storage/rewindStream.js';
import { liveServices } from '../storage/services.js';
import {
  advanceSequences,
  type DumpedTable,
  listMigrations,
  listTables,
  RowWriter,
  rowCount,
  withDeferredKeys,
} from '../storage/tableDump.js';
import {
  BACKUP_FORMAT,
  type BackupHeader,
  BadBackup,
  backupHeader,
  closingLine,
  TABLES_LEFT_OUT,
  tableLine,
} from './format.js';
import { gzippedLines } from './lines.js';

/** The start of a system registers its streams: these may stand already. */
const MAY_HAVE_ROWS = ['streams'];

/**
 * Fills an empty, migrated database from a backup, in one transaction: all of it, checksum proven, or nothing.
 * @returns rows by table
 * @throws BadBackup for a file that is damaged, of a newer program, or for a database that is not empty or in use
 */
export async function restoreBackup(
  pool: Pool,
  file: string,
  options: { onTable?: (table: string) => void } = {},
): Promise<Record<string, number>> {
  return inTransaction(pool, async (client) => {
    const restoring = new Restoring(client, file, options.onTable);
    await restoring.refuseWhenInUse();
    await withDeferredKeys(client, () => restoring.run());
    // The log is in no backup: whoever counts its positions would wait for as many entries as there once were.
    await beginLogAnew(client, null);
    await advanceSequences(client);
    return restoring.rows;
  });
}

class Restoring {
  readonly rows: Record<string, number> = {};
  readonly #digest = createHash('sha256');
  #writer: RowWriter | null = null;
  #table: DumpedTable | null = null;

  constructor(
    private readonly client: PoolClient,
    private readonly file: string,
    private readonly onTable: ((table: string) => void) | undefined,
  ) {}

  async refuseWhenInUse(): Promise<void> {
    const running = await liveServices(this.client);
    if (running.length > 0) {
      throw new BadBackup(`the system runs on this database (${running.join(', ')}): stop it first (routewarden stop)`);
    }
    for (const { table } of await listTables(this.client)) {
      if (TABLES_LEFT_OUT.includes(table) && table !== 'update_batches') continue;
      if (MAY_HAVE_ROWS.includes(table)) continue;
      if ((await rowCount(this.client, table)) > 0) {
        throw new BadBackup(`the database is not empty (table ${table}): restore into a new one`);
      }
    }
  }

  async run(): Promise<void> {
    let isFirst = true;
    let isClosed = false;
    for await (const line of gzippedLines(this.file)) {
      if (isClosed) throw this.#bad('has more after its end');
      const text = line.toString('utf8');
      if (isFirst) await this.#header(this.#parsed(backupHeader, text, 'header'));
      else if (text.startsWith('{"table":')) await this.#begin(this.#parsed(tableLine, text, 'table'));
      else if (text.startsWith('{"rows":')) {
        await this.#close(this.#parsed(closingLine, text, 'end'));
        isClosed = true;
      } else await this.#row(text);
      isFirst = false;
      this.#digest.update(line);
    }
    if (!isClosed) throw this.#bad('is cut off: its end is missing');
  }

  async #header(header: BackupHeader): Promise<void> {
    if (header.routewarden_backup > BACKUP_FORMAT) {
      throw this.#bad(
        `has format ${header.routewarden_backup} of Routewarden ${header.program}, this one reads up to ${BACKUP_FORMAT}: upgrade first`,
      );
    }
    const known = new Set(await listMigrations(this.client));
    const unknown = header.schema.filter((migration) => !known.has(migration));
    if (unknown.length > 0) {
      throw this.#bad(
        `was made by a newer Routewarden ${header.program} (schema ${unknown.join(', ')}): upgrade first`,
      );
    }
  }

  async #begin(table: DumpedTable): Promise<void> {
    await this.#finish();
    const here = (await listTables(this.client)).find((candidate) => candidate.table === table.table);
    if (!here || TABLES_LEFT_OUT.includes(table.table)) throw this.#bad(`has an unknown table ${table.table}`);
    const unknown = table.columns.filter((column) => !here.columns.includes(column));
    if (unknown.length > 0) throw this.#bad(`has unknown columns of ${table.table}: ${unknown.join(', ')}`);
    this.onTable?.(table.table);
    this.#table = table;
    this.#writer = new RowWriter(this.client, table);
  }

  async #row(text: string): Promise<void> {
    if (!this.#writer) throw this.#bad('has rows before a table');
    try {
      await this.#writer.add(text);
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  async #finish(): Promise<void> {
    if (!this.#writer || !this.#table) return;
    try {
      await this.#writer.flush();
    } catch (error) {
      throw this.#unusable(error);
    }
    this.rows[this.#table.table] = this.#writer.rows;
  }

  async #close(end: z.infer<typeof closingLine>): Promise<void> {
    await this.#finish();
    if (this.#digest.copy().digest('hex') !== end.sha256) throw this.#bad('is damaged: its SHA-256 is wrong');
    for (const [table, rows] of Object.entries(end.rows)) {
      if (this.rows[table] !== rows)
        throw this.#bad(`is damaged: table ${table} has ${this.rows[table]} of ${rows} rows`);
    }
  }

  #parsed<T>(schema: z.ZodType<T>, text: string, what: string): T {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.#bad(`has a ${what} that is not JSON`);
    }
    const result = schema.safeParse(value);
    if (!result.success) throw this.#bad(`has no valid ${what}: is it a Routewarden backup?`);
    return result.data;
  }

  /** Rows go in before the checksum is known: what the database says of them is most likely damage. */
  #unusable(error: unknown): BadBackup {
    return this.#bad(`has rows of ${this.#table?.table} that the database refuses (${(error as Error).message})`);
  }

  #bad(what: string): BadBackup {
    return new BadBackup(`${this.file} ${what}`);
  }
}
