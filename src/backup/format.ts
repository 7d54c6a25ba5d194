import { z } from 'zod';

/** The file's format; raised when an older program could not read what a newer one writes. */
export const BACKUP_FORMAT = 1;

const table = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);

/**
 * First line of a backup. The file is gzipped text, a JSON object a line: this header, then for each table
 * `{"table","columns"}` and its rows as objects, then the closing line. Bytes are hexadecimal (`\x...`), times ISO 8601.
 */
export const backupHeader = z.object({
  routewarden_backup: z.int().positive(),
  program: z.string(),
  created_at: z.string(),
  /** Migrations that the database had had. */
  schema: z.array(z.string()),
});
export type BackupHeader = z.infer<typeof backupHeader>;

export const tableLine = z.strictObject({ table, columns: z.array(table).min(1) });

/** Last line: rows by table and the SHA-256 of every byte before this line, in hexadecimal. */
export const closingLine = z.strictObject({
  rows: z.record(table, z.int().nonnegative()),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What is wrong with a backup file, and what to do. */
export class BadBackup extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadBackup';
  }
}

/**
 * Not kept: the log of raw updates (short-lived, and the collector begins a new one) with what the aggregator knows at its
 * place in it, what names processes, and the database's own list of migrations.
 */
export const TABLES_LEFT_OUT = [
  'update_batches',
  'aggregator_pages',
  'services',
  'retrain_cancellations',
  'routewarden_migrations',
];

/** Cursors that count positions of the log, which is left out. */
export const CURSORS_LEFT_OUT = ['aggregator'];
