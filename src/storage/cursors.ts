import type { Db } from './pool.js';

/** The stage that makes feature rows of updates. */
export const AGGREGATOR = 'aggregator';
/** The stage that compares each update with what is declared. */
export const WATCH_STAGE = 'watch';

/** How far a stage has read a stream, with what it needs to go on from there. */
export interface Cursor {
  position: number;
  state: Uint8Array | null;
}

export async function readCursor(db: Db, stage: string, stream: string): Promise<Cursor | null> {
  const { rows } = await db.query<{ position: number; state: Buffer | null }>(
    'SELECT position, state FROM cursors WHERE stage = $1 AND stream = $2',
    [stage, stream],
  );
  return rows[0] ?? null;
}

/** Written in the transaction that writes the stage's output. */
export async function writeCursor(
  db: Db,
  stage: string,
  stream: string,
  position: number,
  state: Uint8Array | null = null,
): Promise<void> {
  await db.query(
    `INSERT INTO cursors (stage, stream, position, state) VALUES ($1, $2, $3, $4)
     ON CONFLICT (stage, stream) DO UPDATE SET position = excluded.position, state = excluded.state, updated_at = now()`,
    [stage, stream, position, state === null ? null : Buffer.from(state)],
  );
}
