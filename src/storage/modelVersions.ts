import type { PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import type { ModelKey, ModelKindName } from '../models/model.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import type { Db } from './pool.js';

export type VersionState = 'published' | 'rejected' | 'held' | 'shadow';

/** Everything about a version but its bytes. Immutable, but for `state` (a held one is accepted, a shadow takes over or fails) and `pinned`. */
export interface ModelVersion {
  id: number;
  modelKey: ModelKey;
  kind: ModelKindName;
  stream: string;
  version: number;
  parentId: number | null;
  state: VersionState;
  dataFrom: Minute;
  dataUntil: Minute;
  samples: number;
  seed: number;
  threshold: number;
  format: number;
  codeVersion: string;
  metrics: Record<string, unknown>;
  fencingToken: number;
  lineage: number;
  pinned: boolean;
  createdAt: Date;
}

export type NewVersion = Omit<ModelVersion, 'id' | 'version' | 'pinned' | 'createdAt'>;

export interface StoredFile {
  name: string;
  sha256: string;
  bytes: Buffer;
}

const COLUMNS = `id::float8 AS id, model_key AS "modelKey", kind, stream, version, parent_id::float8 AS "parentId", state,
  ${minuteOf('data_from')} AS "dataFrom", ${minuteOf('data_until')} AS "dataUntil",
  samples, seed::float8 AS seed, threshold, format, code_version AS "codeVersion", metrics,
  fencing_token::float8 AS "fencingToken", lineage, pinned, created_at AS "createdAt"`;

/** Adds a version with the model's next number, and its files. Run it inside a transaction that holds the model's lock. */
export async function insertVersion(
  client: PoolClient,
  version: NewVersion,
  files: StoredFile[],
): Promise<ModelVersion> {
  const { rows } = await client.query<ModelVersion>(
    `INSERT INTO model_versions (model_key, kind, stream, version, parent_id, state, data_from, data_until, samples, seed,
       threshold, format, code_version, metrics, fencing_token, lineage)
     VALUES ($1, $2, $3, (SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE model_key = $1), $4, $5,
       ${timeOf('$6')}, ${timeOf('$7')}, $8, $9, $10, $11, $12, $13, $14, $15)
     RETURNING ${COLUMNS}`,
    [
      version.modelKey,
      version.kind,
      version.stream,
      version.parentId,
      version.state,
      version.dataFrom,
      version.dataUntil,
      version.samples,
      version.seed,
      version.threshold,
      version.format,
      version.codeVersion,
      JSON.stringify(version.metrics),
      version.fencingToken,
      version.lineage,
    ],
  );
  for (const file of files) {
    await client.query('INSERT INTO model_files (version_id, name, sha256, bytes) VALUES ($1, $2, $3, $4)', [
      rows[0]!.id,
      file.name,
      file.sha256,
      file.bytes,
    ]);
  }
  return rows[0]!;
}

/** Newest first. */
export async function listVersions(db: Db, key?: ModelKey, limit = 200): Promise<ModelVersion[]> {
  const { rows } = await db.query<ModelVersion>(
    `SELECT ${COLUMNS} FROM model_versions WHERE $1::text IS NULL OR model_key = $1 ORDER BY id DESC LIMIT $2`,
    [key ?? null, limit],
  );
  return rows;
}

export async function findVersion(db: Db, key: ModelKey, version: number): Promise<ModelVersion | null> {
  const { rows } = await db.query<ModelVersion>(
    `SELECT ${COLUMNS} FROM model_versions WHERE model_key = $1 AND version = $2`,
    [key, version],
  );
  return rows[0] ?? null;
}

export async function versionById(db: Db, id: number): Promise<ModelVersion | null> {
  const { rows } = await db.query<ModelVersion>(`SELECT ${COLUMNS} FROM model_versions WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

export async function versionsByIds(db: Db, ids: readonly number[]): Promise<ModelVersion[]> {
  const { rows } = await db.query<ModelVersion>(`SELECT ${COLUMNS} FROM model_versions WHERE id = ANY ($1)`, [ids]);
  return rows;
}

/** The newest version of each of these models that has one. */
export async function newestVersions(db: Db, keys: readonly ModelKey[]): Promise<ModelVersion[]> {
  const { rows } = await db.query<ModelVersion>(
    `SELECT DISTINCT ON (model_key) ${COLUMNS} FROM model_versions WHERE model_key = ANY ($1)
     ORDER BY model_key, version DESC`,
    [keys],
  );
  return rows;
}

export async function versionFiles(db: Db, id: number): Promise<StoredFile[]> {
  const { rows } = await db.query<StoredFile>(
    'SELECT name, sha256, bytes FROM model_files WHERE version_id = $1 ORDER BY name',
    [id],
  );
  return rows;
}

export async function setPinned(db: Db, id: number, pinned: boolean): Promise<void> {
  await db.query('UPDATE model_versions SET pinned = $2 WHERE id = $1', [id, pinned]);
}

/** A held version that a person accepts becomes a published one, in the lineage that the person chose. */
export async function setState(db: Db, id: number, state: VersionState, lineage: number): Promise<void> {
  await db.query('UPDATE model_versions SET state = $2, lineage = $3 WHERE id = $1', [id, state, lineage]);
}

/**
 * Versions whose files may go, oldest first, at most `limit`: never an active one or the one before it (a rollback goes
 * there), a pinned one, one that waits (held, shadow), or one of the newest `keep` of its model.
 */
export async function versionsToPrune(
  db: Db,
  keep: number,
  key: ModelKey | null,
  limit: number,
): Promise<ModelVersion[]> {
  const { rows } = await db.query<ModelVersion>(
    `WITH ranked AS (
       SELECT id, row_number() OVER (PARTITION BY model_key ORDER BY version DESC) AS place FROM model_versions
       WHERE $2::text IS NULL OR model_key = $2
     ), active AS (
       SELECT DISTINCT ON (a.model_key) a.version_id, v.parent_id FROM activations a
       JOIN model_versions v ON v.id = a.version_id
       WHERE $2::text IS NULL OR a.model_key = $2 ORDER BY a.model_key, a.from_minute DESC, a.id DESC
     )
     SELECT ${COLUMNS} FROM model_versions
     WHERE id IN (SELECT r.id FROM ranked r WHERE r.place > $1)
       AND NOT pinned AND state NOT IN ('held', 'shadow')
       AND id NOT IN (SELECT version_id FROM active)
       AND id NOT IN (SELECT parent_id FROM active WHERE parent_id IS NOT NULL)
       AND EXISTS (SELECT 1 FROM model_files f WHERE f.version_id = model_versions.id)
     ORDER BY id LIMIT $3`,
    [keep, key, limit],
  );
  return rows;
}

/** Deletes a version's files. Its row stays, because scores and activations name it. */
export async function deleteFiles(db: Db, id: number): Promise<void> {
  await db.query('DELETE FROM model_files WHERE version_id = $1', [id]);
}

/** Which of a model's versions have files still. */
export async function versionsWithFiles(db: Db, key: ModelKey): Promise<Map<number, boolean>> {
  const { rows } = await db.query<{ version: number; kept: boolean }>(
    `SELECT version, EXISTS (SELECT 1 FROM model_files f WHERE f.version_id = v.id) AS kept
     FROM model_versions v WHERE model_key = $1`,
    [key],
  );
  return new Map(rows.map(({ version, kept }) => [version, kept]));
}

/** Whether a version is the one that its model's newest activation names. */
const ACTIVE = `id = (SELECT a.version_id FROM activations a WHERE a.model_key = model_versions.model_key
  ORDER BY a.from_minute DESC, a.id DESC LIMIT 1)`;

/**
 * Versions that should have files: what serves or may serve again, by id. Those of a table that lost its files are among
 * them while they are active.
 */
export async function storedVersions(
  pg: Db,
  which: { after: number; limit: number } | { ids: number[] },
): Promise<(ModelVersion & { active: boolean })[]> {
  const { after, limit, ids } =
    'ids' in which ? { after: 0, limit: which.ids.length, ids: which.ids } : { ...which, ids: null };
  const { rows } = await pg.query<ModelVersion & { active: boolean }>(
    `SELECT ${COLUMNS}, ${ACTIVE} AS active FROM model_versions
     WHERE id > $1 AND ($3::bigint[] IS NULL OR id = ANY ($3)) AND state = 'published'
       AND (${ACTIVE} OR EXISTS (SELECT 1 FROM model_files f WHERE f.version_id = model_versions.id))
     ORDER BY id LIMIT $2`,
    [after, limit, ids],
  );
  return rows;
}

/** Active versions whose files are gone or differ from the SHA-256 of their publish, by the database's own rows. */
export async function damagedActive(pg: Db): Promise<{ modelKey: ModelKey; version: number; files: string[] }[]> {
  const { rows } = await pg.query<{ modelKey: ModelKey; version: number; files: string[] }>(
    `SELECT model_key AS "modelKey", version, bad.files FROM model_versions, LATERAL (
       SELECT coalesce(array_agg(f.name ORDER BY f.name) FILTER (WHERE encode(sha256(f.bytes), 'hex') <> f.sha256), '{}') AS files,
         count(*) AS present FROM model_files f WHERE f.version_id = model_versions.id) bad
     WHERE ${ACTIVE} AND (bad.present = 0 OR cardinality(bad.files) > 0) ORDER BY model_key`,
  );
  return rows;
}

/** The numbers that versions have within their models, by id. */
export async function versionNumbers(db: Db, ids: readonly (number | null)[]): Promise<Map<number | null, number>> {
  const { rows } = await db.query<{ id: number; version: number }>(
    'SELECT id::float8 AS id, version FROM model_versions WHERE id = ANY ($1)',
    [ids.filter((id) => id !== null)],
  );
  return new Map(rows.map(({ id, version }) => [id, version]));
}
