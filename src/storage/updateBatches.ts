import type { Db } from './pool.js';

/** An entry of a stream's log, times in milliseconds since 1970. */
export interface LogEntry {
  position: number;
  kind: 'updates' | 'clock' | 'gap';
  sinceMs: number;
  untilMs: number;
  messages: number;
  /** An encoded UpdateBatch for `updates`, else null. */
  payload: Uint8Array | null;
}

/** Appends entries in order; positions follow `after` without holes. One writer a stream (it holds the stage lock). */
export async function appendEntries(db: Db, stream: string, entries: readonly LogEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const columns = [
    entries.map((entry) => entry.position),
    entries.map((entry) => entry.kind),
    entries.map((entry) => new Date(entry.sinceMs)),
    entries.map((entry) => new Date(entry.untilMs)),
    entries.map((entry) => entry.messages),
    entries.map((entry) => (entry.payload === null ? null : Buffer.from(entry.payload))),
  ];
  await db.query(
    `INSERT INTO update_batches (stream, position, kind, since, until, messages, payload)
     SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::bytea[])`,
    [stream, ...columns],
  );
}

interface Row {
  position: number;
  kind: LogEntry['kind'];
  since: Date;
  until: Date;
  messages: number;
  payload: Buffer | null;
}

const toEntry = (row: Row): LogEntry => ({
  position: row.position,
  kind: row.kind,
  sinceMs: row.since.getTime(),
  untilMs: row.until.getTime(),
  messages: row.messages,
  payload: row.payload,
});

export async function entriesAfter(db: Db, stream: string, position: number, limit: number): Promise<LogEntry[]> {
  const { rows } = await db.query<Row>(
    `SELECT position, kind, since, until, messages, payload FROM update_batches
     WHERE stream = $1 AND position > $2 ORDER BY position LIMIT $3`,
    [stream, position, limit],
  );
  return rows.map(toEntry);
}

/** Payloads of the entries before a position that reach to a moment exactly: a gap's last messages. */
export async function payloadsUntil(db: Db, stream: string, before: number, untilMs: number): Promise<Uint8Array[]> {
  const { rows } = await db.query<{ payload: Buffer }>(
    `SELECT payload FROM update_batches
     WHERE stream = $1 AND position < $2 AND until = $3 AND payload IS NOT NULL ORDER BY position`,
    [stream, before, new Date(untilMs)],
  );
  return rows.map((row) => row.payload);
}

/** The newest entry without its payload, and when it was written; null for a stream that never had one. */
export async function lastEntry(db: Db, stream: string): Promise<(LogEntry & { receivedAt: Date }) | null> {
  const { rows } = await db.query<Row & { received_at: Date }>(
    `SELECT position, kind, since, until, messages, NULL::bytea AS payload, received_at FROM update_batches
     WHERE stream = $1 ORDER BY position DESC LIMIT 1`,
    [stream],
  );
  return rows[0] ? { ...toEntry(rows[0]), receivedAt: rows[0].received_at } : null;
}
