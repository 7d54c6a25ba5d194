import type { Pool } from 'pg';
import { ActionRefused, type IncidentActions } from './actions.js';

/** Acknowledgement, notes and "this was ordinary", straight on the incident's row. Times are the database's clock. */
export function incidentActions(pool: Pool): IncidentActions {
  const change = async (id: number, text: string, values: unknown[]) => {
    const { rowCount } = await pool.query(text, [id, ...values]);
    if (rowCount === 0) throw new ActionRefused(`There is no incident ${id}.`, 404);
  };
  return {
    acknowledge: (id, actor) =>
      change(
        id,
        `UPDATE incidents SET acknowledged_by = coalesce(acknowledged_by, $2),
          acknowledged_at = coalesce(acknowledged_at, now()) WHERE id = $1`,
        [actor],
      ),
    unacknowledge: (id) =>
      change(id, 'UPDATE incidents SET acknowledged_by = NULL, acknowledged_at = NULL WHERE id = $1', []),
    note: (id, text) => change(id, `UPDATE incidents SET note = nullif($2, '') WHERE id = $1`, [text]),
    ordinary: (id, ordinary) => change(id, 'UPDATE incidents SET ordinary = $2 WHERE id = $1', [ordinary]),
  };
}
