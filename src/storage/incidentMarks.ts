import type { Db } from './pool.js';

/** What people say about an incident, on its row; each gives false for an unknown incident. Times are the database's clock. */
async function mark(db: Db, update: string, values: unknown[]): Promise<boolean> {
  const { rowCount } = await db.query(update, values);
  return rowCount === 1;
}

/** Whoever acknowledged first stays. */
export function acknowledge(db: Db, id: number, actor: string): Promise<boolean> {
  return mark(
    db,
    `UPDATE incidents SET acknowledged_by = coalesce(acknowledged_by, $2),
       acknowledged_at = coalesce(acknowledged_at, now()) WHERE id = $1`,
    [id, actor],
  );
}

export function unacknowledge(db: Db, id: number): Promise<boolean> {
  return mark(db, 'UPDATE incidents SET acknowledged_by = NULL, acknowledged_at = NULL WHERE id = $1', [id]);
}

/** An empty text takes the note away. */
export function noteIncident(db: Db, id: number, text: string): Promise<boolean> {
  return mark(db, `UPDATE incidents SET note = nullif($2, '') WHERE id = $1`, [id, text]);
}

/** Minutes of an ordinary incident train models. */
export function incidentIsOrdinary(db: Db, id: number, ordinary: boolean): Promise<boolean> {
  return mark(db, 'UPDATE incidents SET ordinary = $2 WHERE id = $1', [id, ordinary]);
}

/** Null gives it back to everybody. */
export function assignIncident(db: Db, id: number, to: string | null): Promise<boolean> {
  return mark(db, 'UPDATE incidents SET assigned_to = $2 WHERE id = $1', [id, to]);
}

export interface IncidentComment {
  at: Date;
  author: string;
  text: string;
}

/** @returns false for an unknown incident */
export async function addComment(db: Db, id: number, author: string, text: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO incident_comments (incident_id, author, text)
     SELECT id, $2::text, $3::text FROM incidents WHERE id = $1`,
    [id, author, text],
  );
  return rowCount === 1;
}

const MOST_COMMENTS = 500;

/** What people said of an incident, oldest first; of a very long thread the newest. */
export async function commentsOf(db: Db, id: number): Promise<IncidentComment[]> {
  const { rows } = await db.query<IncidentComment>(
    `SELECT at, author, text FROM (
       SELECT id, at, author, text FROM incident_comments WHERE incident_id = $1 ORDER BY id DESC LIMIT $2
     ) newest ORDER BY id`,
    [id, MOST_COMMENTS],
  );
  return rows;
}
