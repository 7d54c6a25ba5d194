import type { Pool } from 'pg';

/** How long rows of one kind are kept; an equal among others, each bounded in what one call deletes. */
export interface Pruning {
  /** The table, for people and logs. */
  table: string;
  /** Deletes at most `rows` of the oldest rows that are due. @returns how many went */
  prune(pg: Pool, rows: number): Promise<number>;
}

/** What is kept, in days or hours; positive. */
export interface Keeping {
  updateBatchHours: number;
  featureDays: number;
  incidentDays: number;
  historyDays: number;
  reportDays: number;
  /** Newest versions of each model that stay however old they are. */
  versions: number;
  /** Stages that read the log of updates: what one of them has yet to read stays. */
  readers: readonly string[];
}

/**
 * Rows of one table by a condition. Only text of this file goes into the statement, values are parameters. Each
 * deletion is a statement, and so a transaction, of its own: short locks, and nothing is lost when it is cut off.
 */
function rowsOf(table: string, due: string, values: unknown[], join = ''): Pruning {
  return {
    table,
    async prune(pg, rows) {
      const { rowCount } = await pg.query(
        `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM ${table} t ${join} WHERE ${due} LIMIT $1))`,
        [rows, ...values],
      );
      return rowCount ?? 0;
    },
  };
}

const DAYS = 'make_interval(secs => $2::double precision * 86400)';
const DAYS_AGO = `now() - ${DAYS}`;
/** Days before a stream's own newest minute: a replay of an old feed is kept as long as a live one. */
const BEFORE_WATERMARK = `JOIN (
  SELECT name AS stream, (SELECT max(minute) FROM features WHERE stream = name) - ${DAYS} AS before FROM streams) s
  ON s.stream = t.stream`;
const IS_END = `(state IN ('published', 'held', 'rejected', 'cancelled') OR coalesce((detail->>'final')::boolean, false))`;

/**
 * Everything that grows and may go.
 *
 * Never deleted: what a stage has not read yet, open incidents, unresolved alerts, runs that have not ended and each
 * model's last end (its cool-down counts from there), activations that minutes still kept were scored by, and versions
 * that are active, pinned, held or among the newest.
 */
export function prunings(keep: Keeping): Pruning[] {
  const { updateBatchHours, featureDays, incidentDays, historyDays, reportDays, versions, readers } = keep;
  const byMinute = (table: string) => rowsOf(table, 't.minute < s.before', [featureDays], BEFORE_WATERMARK);
  return [
    rowsOf(
      'update_batches',
      `t.position < (SELECT min(c.position) FROM cursors c WHERE c.stream = t.stream AND c.stage = ANY ($3))
       AND t.received_at < now() - make_interval(secs => $2::double precision * 3600)`,
      [updateBatchHours, readers],
    ),
    byMinute('verdicts'),
    byMinute('scores'),
    byMinute('shadow_scores'),
    byMinute('features'),
    rowsOf('feed_gaps', 't.until < s.before', [featureDays], BEFORE_WATERMARK),
    rowsOf(
      'hour_summaries',
      `t.hour < (SELECT max(h.hour) FROM hour_summaries h WHERE h.subject = t.subject) - ${DAYS}`,
      [featureDays],
    ),
    { table: 'incidents', prune: (pg, rows) => pruneIncidents(pg, incidentDays, rows) },
    rowsOf(
      'alerts',
      `t.raised_at < ${DAYS_AGO} AND (t.resolved_at IS NOT NULL OR coalesce((t.body->>'once')::boolean, false))`,
      [incidentDays],
    ),
    rowsOf(
      'drift_reports',
      `t.window_end < (SELECT max(d.window_end) FROM drift_reports d WHERE d.model_key = t.model_key) - ${DAYS}`,
      [reportDays],
    ),
    rowsOf(
      'retrain_runs',
      `t.at < ${DAYS_AGO}
       AND EXISTS (SELECT 1 FROM retrain_runs e WHERE e.run = t.run AND e.at < ${DAYS_AGO} AND ${IS_END})
       AND t.id IS DISTINCT FROM (SELECT max(l.id) FROM retrain_runs l WHERE l.model_key = t.model_key
                                  AND l.state IN ('shadow', 'published', 'held', 'rejected'))`,
      [historyDays],
    ),
    // Over, and no minute that is kept was scored by it: a later one begins at or before the oldest of them.
    rowsOf(
      'activations',
      `t.at < now() - make_interval(secs => $3::double precision * 86400) AND EXISTS (
         SELECT FROM activations l WHERE l.model_key = t.model_key AND (l.from_minute, l.id) > (t.from_minute, t.id)
           AND l.from_minute <= s.before)`,
      [featureDays, historyDays],
      BEFORE_WATERMARK.replace('t.stream', "split_part(t.model_key, '@', 2)"),
    ),
    { table: 'model_versions', prune: (pg, rows) => pruneVersions(pg, historyDays, versions, rows) },
    rowsOf('retrain_cancellations', `t.at < ${DAYS_AGO}`, [historyDays]),
    rowsOf('incident_comments', 'NOT EXISTS (SELECT 1 FROM incidents i WHERE i.id = t.incident_id)', []),
    rowsOf('silences', `t.ends_at < ${DAYS_AGO}`, [historyDays]),
    rowsOf('approvals', `t.state <> 'waiting' AND t.decided_at < ${DAYS_AGO}`, [historyDays]),
    rowsOf('audit', `t.at < ${DAYS_AGO}`, [historyDays]),
    rowsOf('services', `t.heartbeat_at < ${DAYS_AGO}`, [SERVICE_DAYS]),
  ];
}

/** Rows of processes that are long gone. */
const SERVICE_DAYS = 7;

/** Versions that nothing refers to, with their files; those trained from one of them lose the relation. */
async function pruneVersions(pg: Pool, days: number, keep: number, rows: number): Promise<number> {
  const { rowCount } = await pg.query(
    `WITH ranked AS (
       SELECT id, row_number() OVER (PARTITION BY model_key ORDER BY version DESC) AS place FROM model_versions),
     due AS (
       SELECT v.id FROM model_versions v JOIN ranked USING (id)
       WHERE v.created_at < ${DAYS_AGO} AND place > $3 AND NOT v.pinned AND v.state NOT IN ('held', 'shadow')
         AND NOT EXISTS (SELECT FROM activations a WHERE a.version_id = v.id) ORDER BY v.id LIMIT $1),
     freed AS (
       UPDATE model_versions SET parent_id = NULL
       WHERE parent_id IN (SELECT id FROM due) AND id NOT IN (SELECT id FROM due) RETURNING id)
     DELETE FROM model_versions WHERE id IN (SELECT id FROM due) AND (SELECT count(*) FROM freed) >= 0`,
    [rows, days, keep],
  );
  return rowCount ?? 0;
}

/** Incidents that ended; those that were related to one of them lose the relation. */
async function pruneIncidents(pg: Pool, days: number, rows: number): Promise<number> {
  const { rowCount } = await pg.query(
    `WITH due AS (
       SELECT id FROM incidents t WHERE ended_at < (SELECT max(w.minute) FROM features w WHERE w.stream = t.stream)
         - ${DAYS} ORDER BY ended_at LIMIT $1),
     freed AS (
       UPDATE incidents SET related_to = NULL
       WHERE related_to IN (SELECT id FROM due) AND id NOT IN (SELECT id FROM due) RETURNING id)
     DELETE FROM incidents WHERE id IN (SELECT id FROM due) AND (SELECT count(*) FROM freed) >= 0`,
    [rows, days],
  );
  return rowCount ?? 0;
}

export interface PruningOptions {
  /** Rows a statement. */
  rows?: number;
  /** Statements a table in one round; what is left goes in the next. */
  statements?: number;
  signal?: AbortSignal;
}

/**
 * One round over all prunings, bounded in all.
 * @returns rows deleted by table, without those where none went
 * @throws AggregateError when some failed; the others have run
 */
export async function pruneAll(
  pg: Pool,
  all: readonly Pruning[],
  { rows = 2_000, statements = 500, signal }: PruningOptions = {},
): Promise<Record<string, number>> {
  const gone: Record<string, number> = {};
  const failures: Error[] = [];
  for (const { table, prune } of all) {
    try {
      for (let statement = 0; statement < statements && signal?.aborted !== true; statement += 1) {
        const deleted = await prune(pg, rows);
        if (deleted > 0) gone[table] = (gone[table] ?? 0) + deleted;
        if (deleted < rows) break;
      }
    } catch (error) {
      failures.push(new Error(`pruning ${table}: ${(error as Error).message}`));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('; '));
  return gone;
}
