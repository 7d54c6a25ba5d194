import type { Pool } from 'pg';

/** Rows as the parts of the system write them, for the watches to see. */
export class Facts {
  private minutes = 0;

  constructor(private readonly pool: Pool) {}

  async clear(): Promise<void> {
    await this.pool.query(
      `TRUNCATE streams, update_batches, services, drift_reports, retrain_runs, dead_letters, activations,
         model_versions, alerts, features, cursors CASCADE`,
    );
    await this.pool.query("INSERT INTO streams (name) VALUES ('rrc00')");
  }

  async heard(position: number, kind: 'updates' | 'clock' | 'gap', secondsAgo: number): Promise<void> {
    await this.pool.query(
      `INSERT INTO update_batches (stream, position, kind, since, until, received_at)
       VALUES ('rrc00', $1, $2, now(), now(), now() - make_interval(secs => $3))`,
      [position, kind, secondsAgo],
    );
  }

  async minute(minute: number, secondsAgo: number): Promise<void> {
    await this.pool.query(
      `INSERT INTO features (stream, minute, kind, values, created_at)
       VALUES ('rrc00', to_timestamp($1::bigint * 60), 'observed', '{1}', now() - make_interval(secs => $2))`,
      [minute, secondsAgo],
    );
  }

  async cursor(stage: string, position: number): Promise<void> {
    await this.pool.query(
      `INSERT INTO cursors (stage, stream, position) VALUES ($1, 'rrc00', $2)
       ON CONFLICT (stage, stream) DO UPDATE SET position = excluded.position`,
      [stage, position],
    );
  }

  async beat(instance: string, state: string, secondsAgo: number, startedSecondsAgo = 1000): Promise<void> {
    await this.pool.query(
      `INSERT INTO services (instance, name, host, pid, state, heartbeat_at, started_at)
       VALUES ($1, split_part($1, '.', 1), 'here', 1, $2, now() - make_interval(secs => $3), now() - make_interval(secs => $4))
       ON CONFLICT (instance) DO UPDATE SET state = excluded.state, heartbeat_at = excluded.heartbeat_at`,
      [instance, state, secondsAgo, startedSecondsAgo],
    );
  }

  async driftReport(outcome: string, reason = 'scores moved'): Promise<void> {
    this.minutes += 60;
    await this.pool.query(
      `INSERT INTO drift_reports (model_key, window_end, outcome, reason, report)
       VALUES ('lstm@rrc00', to_timestamp($1::bigint * 60), $2, $3, '{}')`,
      [this.minutes, outcome, reason],
    );
  }

  async retrain(run: string, state: string, detail: object = {}): Promise<void> {
    await this.pool.query(
      "INSERT INTO retrain_runs (run, model_key, state, detail) VALUES ($1, 'lstm@rrc00', $2, $3)",
      [run, state, JSON.stringify(detail)],
    );
  }

  async failures(count: number, dead: boolean): Promise<void> {
    await this.pool.query('DELETE FROM dead_letters');
    if (count === 0) return;
    await this.pool.query(
      `INSERT INTO dead_letters (model_key, failures, last_error, dead_since)
       VALUES ('lstm@rrc00', $1, 'no memory', CASE WHEN $2 THEN now() END)`,
      [count, dead],
    );
  }

  async activate(version: number, reason: string): Promise<void> {
    this.minutes += 1;
    const { rows } = await this.pool.query<{ id: string }>(
      `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed,
         threshold, format, code_version, fencing_token)
       VALUES ('lstm@rrc00', 'lstm', 'rrc00', $1, 'published', now(), now(), 1, 1, 1, 1, 'test', 1)
       ON CONFLICT (model_key, version) DO UPDATE SET samples = 1 RETURNING id`,
      [version],
    );
    await this.pool.query(
      `INSERT INTO activations (model_key, version_id, from_minute, reason, actor)
       VALUES ('lstm@rrc00', $1, to_timestamp($2::bigint * 60), $3, 'ann')`,
      [rows[0]!.id, this.minutes, reason],
    );
  }
}
