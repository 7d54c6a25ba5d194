import type { Pool } from 'pg';
import { inTransaction } from './pool.js';

const BY_STREAM = [
  'update_batches',
  'feed_gaps',
  'late_minutes',
  'cursors',
  'aggregator_pages',
  'watch_states',
  'features',
  'scores',
  'shadow_scores',
  'verdicts',
  'incidents',
];
const BY_MODEL = [
  'shadows',
  'activations',
  'drift_reports',
  'exams',
  'dead_letters',
  'leases',
  'retrain_runs',
  'model_versions',
];

/** Deletes all that was ever stored about a stream and its models: rows, versions and their files. */
export async function forgetStream(pool: Pool, stream: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('UPDATE model_versions SET parent_id = NULL WHERE stream = $1', [stream]);
    await client.query(
      `UPDATE incidents SET related_to = NULL WHERE related_to IN (SELECT id FROM incidents WHERE stream = $1)`,
      [stream],
    );
    for (const table of BY_STREAM) await client.query(`DELETE FROM ${table} WHERE stream = $1`, [stream]);
    for (const table of BY_MODEL)
      await client.query(`DELETE FROM ${table} WHERE split_part(model_key, '@', 2) = $1`, [stream]);
    await client.query("DELETE FROM hour_summaries WHERE split_part(subject, '@', 2) = $1", [stream]);
    await client.query("DELETE FROM alerts WHERE body->>'stream' = $1", [stream]);
  });
}
