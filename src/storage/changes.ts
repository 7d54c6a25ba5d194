import type { Db } from './pool.js';

/** A value a topic, which changes when the topic's rows do. */
export type Changes = Record<'minute' | 'incidents' | 'models' | 'services' | 'watch', string>;

/** What a page must fetch again, in one cheap query. Heartbeats alone count as news of services every ten seconds. */
export async function changes(db: Db): Promise<Changes> {
  const { rows } = await db.query<Changes>(
    `SELECT
      (SELECT coalesce(string_agg(name || coalesce(to_char(newest, 'YYYYMMDDHH24MI'), '') || coalesce(to_char(verdict, 'YYYYMMDDHH24MI'), ''),
          ',' ORDER BY name), '') FROM (
        SELECT name, (SELECT max(minute) FROM features WHERE stream = name) AS newest,
          (SELECT max(minute) FROM verdicts WHERE stream = name) AS verdict FROM streams) fresh) AS minute,
      (SELECT coalesce(md5(string_agg(id || severity || class || ordinary || last_minute || coalesce(ended_at::text, '')
          || coalesce(acknowledged_by, '') || coalesce(note, ''), ',' ORDER BY id)), '')
        FROM (SELECT * FROM incidents ORDER BY started_at DESC LIMIT 60) newest) AS incidents,
      concat_ws('/', (SELECT max(id) FROM retrain_runs), (SELECT max(id) FROM drift_reports),
        (SELECT max(id) FROM activations), (SELECT max(id) FROM model_versions),
        (SELECT count(*) FROM model_versions WHERE pinned),
        (SELECT concat(max(id), ' ', max(decided_at)) FROM approvals),
        (SELECT max(at) FROM refusal_answers)) AS models,
      (SELECT coalesce(md5(string_agg(stream || prefixes::text, ',' ORDER BY stream)), '') FROM watch_states) AS watch,
      (SELECT coalesce(md5(string_agg(instance || state || restarts || floor(extract(epoch FROM heartbeat_at) / 10), ','
        ORDER BY instance)), '') FROM services) AS services`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the database gave no row for the changes');
  return row;
}
