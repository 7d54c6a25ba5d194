import type { ModelKey } from '../models/model.js';
import type { Db } from './pool.js';

export interface StoredExam {
  bytes: Buffer;
  /** Result of the lineage's first version. */
  reference: unknown;
}

export async function findExam(db: Db, key: ModelKey, lineage: number): Promise<StoredExam | null> {
  const { rows } = await db.query<StoredExam>(
    'SELECT bytes, reference FROM exams WHERE model_key = $1 AND lineage = $2',
    [key, lineage],
  );
  return rows[0] ?? null;
}

/** Fixes a lineage's exam; the first to come stays. */
export async function insertExam(db: Db, key: ModelKey, lineage: number, exam: StoredExam): Promise<void> {
  await db.query(
    'INSERT INTO exams (model_key, lineage, bytes, reference) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [key, lineage, exam.bytes, JSON.stringify(exam.reference)],
  );
}
