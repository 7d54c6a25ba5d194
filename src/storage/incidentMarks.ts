import type { Pool, PoolClient } from 'pg';

type Database = Pool | PoolClient;

/** What people say about an incident, on its row; each gives false when there is none. Times are the database's clock. */
async function mark(db: Database, id: number, set: string, values: unknown[] = []): Promise<boolean> {
  const { rowCount } = await db.query(`UPDATE incidents SET ${set} WHERE id = $1`, [id, ...values]);
  return rowCount === 1;
}

/** Whoever acknowledged first stays. */
export function acknowledge(db: Database, id: number, actor: string): Promise<boolean> {
  return mark(
    db,
    id,
    'acknowledged_by = coalesce(acknowledged_by, $2), acknowledged_at = coalesce(acknowledged_at, now())',
    [actor],
  );
}

export function unacknowledge(db: Database, id: number): Promise<boolean> {
  return mark(db, id, 'acknowledged_by = NULL, acknowledged_at = NULL');
}

/** An empty text takes the note away. */
export function noteIncident(db: Database, id: number, text: string): Promise<boolean> {
  return mark(db, id, `note = nullif($2, '')`, [text]);
}

/** Minutes of an ordinary incident train models. */
export function incidentIsOrdinary(db: Database, id: number, ordinary: boolean): Promise<boolean> {
  return mark(db, id, 'ordinary = $2', [ordinary]);
}
