import type { Minute } from '../features/row.js';
import type { Db } from './pool.js';

const STAGE = 'correlator';

/** Locks the stream's cursor until the transaction ends and gives the last minute that was correlated. */
export async function lockCorrelatorCursor(db: Db, stream: string): Promise<Minute | null> {
  await db.query(
    `INSERT INTO cursors (stage, stream, position) VALUES ($1, $2, -1) ON CONFLICT (stage, stream) DO NOTHING`,
    [STAGE, stream],
  );
  const { rows } = await db.query<{ position: string }>(
    `SELECT position FROM cursors WHERE stage = $1 AND stream = $2 FOR UPDATE`,
    [STAGE, stream],
  );
  const position = Number(rows[0]!.position);
  return position < 0 ? null : position;
}

export async function moveCorrelatorCursor(db: Db, stream: string, minute: Minute): Promise<void> {
  await db.query(`UPDATE cursors SET position = $3, updated_at = now() WHERE stage = $1 AND stream = $2`, [
    STAGE,
    stream,
    minute,
  ]);
}
