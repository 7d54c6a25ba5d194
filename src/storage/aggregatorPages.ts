import type { Db } from './pool.js';

/** A piece of one column of an aggregator's tables. */
export interface AggregatorPage {
  part: number;
  page: number;
  bytes: Uint8Array;
}

/** Pages of a statement; each is 32 kB. */
export const PAGES_A_STATEMENT = 32;

/** Written in the transaction that writes the aggregator's cursor; at most PAGES_A_STATEMENT. */
export async function writePages(db: Db, stream: string, pages: readonly AggregatorPage[]): Promise<void> {
  if (pages.length === 0) return;
  const rows = pages.map((_, at) => `($1, $${3 * at + 2}, $${3 * at + 3}, $${3 * at + 4})`).join(', ');
  await db.query(
    `INSERT INTO aggregator_pages (stream, part, page, bytes) VALUES ${rows}
     ON CONFLICT (stream, part, page) DO UPDATE SET bytes = excluded.bytes`,
    [stream, ...pages.flatMap(({ part, page, bytes }) => [part, page, bufferOf(bytes)])],
  );
}

export async function deletePages(db: Db, stream: string): Promise<void> {
  await db.query('DELETE FROM aggregator_pages WHERE stream = $1', [stream]);
}

/** All pages of a stream by part and page, some of them at a time; the database looks for the next while these are used. */
export async function* readPages(db: Db, stream: string): AsyncGenerator<AggregatorPage> {
  const behind = (part: number, page: number) =>
    db.query<AggregatorPage>(
      `SELECT part, page, bytes FROM aggregator_pages WHERE stream = $1 AND (part, page) > ($2, $3)
       ORDER BY part, page LIMIT ${PAGES_A_STATEMENT}`,
      [stream, part, page],
    );
  let asked = behind(-1, -1);
  try {
    for (;;) {
      const { rows } = await asked;
      const last = rows.at(-1);
      if (last === undefined) return;
      asked = behind(last.part, last.page);
      yield* rows;
    }
  } finally {
    // who reads no further leaves one under way, which must not end behind the caller's transaction
    await asked;
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
