import type { PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { minuteOf, minuteToDate, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

/** One move of a model's active pointer. */
export interface Activation {
  id: number;
  modelKey: ModelKey;
  versionId: number;
  version: number;
  /** First minute that this version scores. */
  from: Minute;
  reason: string;
  actor: string;
  at: Date;
}

interface Row {
  id: string;
  model_key: string;
  version_id: string;
  version: number;
  from_minute: number;
  reason: string;
  actor: string;
  at: Date;
}

const COLUMNS = `a.id, a.model_key, a.version_id, v.version,
  ${minuteOf('a.from_minute')} AS from_minute, a.reason, a.actor, a.at`;
const TABLES = 'activations a JOIN model_versions v ON v.id = a.version_id';

/** The newest activation of a model comes first. */
const NEWEST_FIRST = 'a.from_minute DESC, a.id DESC';

function activation(row: Row): Activation {
  return {
    id: Number(row.id),
    modelKey: row.model_key as ModelKey,
    versionId: Number(row.version_id),
    version: row.version,
    from: row.from_minute,
    reason: row.reason,
    actor: row.actor,
    at: row.at,
  };
}

/**
 * Orders a model's swaps against its scoring until the transaction ends. A publisher takes it `exclusive`; a detector
 * that takes it `shared` before it reads the active version never commits a minute scored by a version that a
 * concurrent publish has already ended.
 */
export async function lockModel(client: PoolClient, key: ModelKey, mode: 'shared' | 'exclusive'): Promise<void> {
  const call = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await client.query(`SELECT ${call}(hashtextextended('model ' || $1, 0))`, [key]);
}

/** The version that scores `minute`: the activation with the greatest (from, id) at or before it. */
export async function activeVersionAt(db: Db, key: ModelKey, minute: Minute): Promise<Activation | null> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE a.model_key = $1 AND a.from_minute <= ${timeOf('$2')}
     ORDER BY ${NEWEST_FIRST} LIMIT 1`,
    [key, minute],
  );
  return rows[0] ? activation(rows[0]) : null;
}

/** The newest activation: what is active, or will be from the next minute on. */
export async function currentActivation(db: Db, key: ModelKey): Promise<Activation | null> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE a.model_key = $1 ORDER BY ${NEWEST_FIRST} LIMIT 1`,
    [key],
  );
  return rows[0] ? activation(rows[0]) : null;
}

/** The newest activation of each of these models that has one: what is active, or will be from the next minute on. */
export async function currentActivations(db: Db, keys: readonly ModelKey[]): Promise<Activation[]> {
  const { rows } = await db.query<Row>(
    `SELECT DISTINCT ON (a.model_key) ${COLUMNS} FROM ${TABLES} WHERE a.model_key = ANY ($1)
     ORDER BY a.model_key, ${NEWEST_FIRST}`,
    [keys],
  );
  return rows.map(activation);
}

/** The newest activations of a model, newest first. */
export async function recentActivations(db: Db, key: ModelKey, limit: number): Promise<Activation[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE a.model_key = $1 ORDER BY a.id DESC LIMIT $2`,
    [key, limit],
  );
  return rows.map(activation);
}

/** Versions of a stream that began to serve in from .. until, oldest first. */
export async function activationsBetween(
  db: Db,
  stream: string,
  from: Minute,
  until: Minute,
  limit: number,
): Promise<Activation[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${TABLES}
     WHERE split_part(a.model_key, '@', 2) = $1 AND a.from_minute BETWEEN $2 AND $3 ORDER BY a.id LIMIT $4`,
    [stream, minuteToDate(from), minuteToDate(until), limit],
  );
  return rows.map(activation);
}

/** All activations with an id over `id`, oldest first: what a detector asks when it may have missed an event. */
export async function activationsSince(db: Db, id: number, key?: ModelKey): Promise<Activation[]> {
  const { rows } = await db.query<Row>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE a.id > $1 AND ($2::text IS NULL OR a.model_key = $2) ORDER BY a.id`,
    [id, key ?? null],
  );
  return rows.map(activation);
}

/** The newest minute that the model has scored, or that its stream has a row for where it scored none. */
export async function watermark(db: Db, kind: string, stream: string): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: number | null }>(
    `SELECT (extract(epoch FROM coalesce(
       (SELECT minute FROM scores WHERE stream = $1 AND kind = $2 ORDER BY minute DESC LIMIT 1),
       (SELECT minute FROM features WHERE stream = $1 ORDER BY minute DESC LIMIT 1))) / 60)::integer AS minute`,
    [stream, kind],
  );
  return rows[0]?.minute ?? null;
}

/** How often a version of each model of a stream has begun to serve; a model without one is left out. */
export async function activationCounts(db: Db, stream: string): Promise<Map<string, number>> {
  const { rows } = await db.query<{ key: string; count: number }>(
    `SELECT model_key AS key, count(*)::integer AS count FROM activations
     WHERE split_part(model_key, '@', 2) = $1 GROUP BY model_key`,
    [stream],
  );
  return new Map(rows.map(({ key, count }) => [key, count]));
}

/** Appends a move of the pointer; part of the caller's transaction. */
export async function appendActivation(
  client: PoolClient,
  move: { modelKey: ModelKey; versionId: number; from: Minute; reason: string; actor: string },
): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO activations (model_key, version_id, from_minute, reason, actor)
     VALUES ($1, $2, ${timeOf('$3')}, $4, $5) RETURNING id`,
    [move.modelKey, move.versionId, move.from, move.reason, move.actor],
  );
  return Number(rows[0]!.id);
}
