import type { Db, Pool } from './pool.js';

export async function requestCancellation(db: Db, jobId: string, actor: string): Promise<void> {
  await db.query('INSERT INTO retrain_cancellations (job_id, actor) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    jobId,
    actor,
  ]);
}

/** Who asked to stop the job, or null. */
export async function cancellation(pool: Pool, jobId: string): Promise<string | null> {
  const { rows } = await pool.query<{ actor: string }>('SELECT actor FROM retrain_cancellations WHERE job_id = $1', [
    jobId,
  ]);
  return rows[0]?.actor ?? null;
}
