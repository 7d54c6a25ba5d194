import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { appendAudit } from './audit.js';
import { minuteOf, timeOf } from './minuteColumn.js';
import { type Db, inTransaction } from './pool.js';

/** A retraining that waits, or waited, for a person's word. */
export interface Approval {
  id: number;
  modelKey: ModelKey;
  /** What is queued once it is approved. */
  payload: unknown;
  /** Why the retraining is asked for, in words. */
  reason: string;
  state: 'waiting' | 'approved' | 'declined';
  requestedAt: Date;
  expiresAt: Date;
  /** What becomes of it when nobody decides. */
  onExpiry: 'approve' | 'decline';
  /** The stream's newest minute when it was asked for; once it is decided, that of the decision. */
  watermark: Minute;
  decidedAt: Date | null;
  decidedBy: string | null;
  decisionReason: string | null;
  expired: boolean;
  /** The retraining that came of it. */
  run: string | null;
}

const COLUMNS = `id::float8 AS id, model_key AS "modelKey", payload, reason, state, requested_at AS "requestedAt",
  expires_at AS "expiresAt", on_expiry AS "onExpiry", ${minuteOf('watermark')} AS watermark,
  decided_at AS "decidedAt", decided_by AS "decidedBy", decision_reason AS "decisionReason", expired, run`;

/** Asks for a model's retraining, once while it waits. @returns the request and whether it is new */
export async function askForApproval(
  pool: Pool,
  ask: {
    modelKey: ModelKey;
    payload: unknown;
    reason: string;
    hours: number;
    onExpiry: Approval['onExpiry'];
    watermark: Minute;
    actor: string;
  },
): Promise<{ approval: Approval; isNew: boolean }> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Approval>(
      `INSERT INTO approvals (model_key, payload, reason, expires_at, on_expiry, watermark)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4::double precision * 3600), $5,
         ${timeOf('$6')})
       ON CONFLICT (model_key) WHERE state = 'waiting' DO NOTHING RETURNING ${COLUMNS}`,
      [ask.modelKey, JSON.stringify(ask.payload), ask.reason, ask.hours, ask.onExpiry, ask.watermark],
    );
    if (rows[0] === undefined) {
      const [there] = await approvals(client, { modelKey: ask.modelKey, waiting: true });
      if (there === undefined) throw new Error(`the approval of ${ask.modelKey} was decided at the same moment`);
      return { approval: there, isNew: false };
    }
    await appendAudit(client, {
      actor: ask.actor,
      action: 'ask for approval',
      target: ask.modelKey,
      detail: { approval: rows[0].id, reason: ask.reason },
    });
    return { approval: rows[0], isNew: true };
  });
}

/**
 * Decides a request that waits.
 * @returns null when it has been decided already
 */
export async function decideApproval(
  pool: Pool,
  id: number,
  decision: { approve: boolean; actor: string; reason: string; expired?: boolean; watermark: Minute | null },
): Promise<Approval | null> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Approval>(
      `UPDATE approvals SET state = $2, decided_at = now(), decided_by = $3, decision_reason = $4, expired = $5,
         watermark = coalesce(${timeOf('$6')}, watermark)
       WHERE id = $1 AND state = 'waiting' RETURNING ${COLUMNS}`,
      [
        id,
        decision.approve ? 'approved' : 'declined',
        decision.actor,
        decision.reason,
        decision.expired ?? false,
        decision.watermark,
      ],
    );
    const [decided] = rows;
    if (decided === undefined) return null;
    await appendAudit(client, {
      actor: decision.actor,
      action: decision.approve ? 'approve retraining' : 'decline retraining',
      target: decided.modelKey,
      detail: { approval: id, reason: decision.reason, ...(decided.expired && { expired: true }) },
    });
    return decided;
  });
}

/** Newest first. */
export async function approvals(
  db: Db,
  only: { modelKey?: ModelKey; waiting?: boolean; limit?: number } = {},
): Promise<Approval[]> {
  const { rows } = await db.query<Approval>(
    `SELECT ${COLUMNS} FROM approvals WHERE ($1::text IS NULL OR model_key = $1) AND (NOT $2 OR state = 'waiting')
     ORDER BY id DESC LIMIT $3`,
    [only.modelKey ?? null, only.waiting ?? false, only.limit ?? 1_000],
  );
  return rows;
}

/** Requests that nobody decided in time, by the database's clock. */
export async function expiredApprovals(db: Db): Promise<Approval[]> {
  const { rows } = await db.query<Approval>(
    `SELECT ${COLUMNS} FROM approvals WHERE state = 'waiting' AND expires_at <= now() ORDER BY id`,
  );
  return rows;
}

/** Approved, and not queued yet: whoever approved may have died in between. */
export async function approvedWithoutRun(db: Db): Promise<Approval[]> {
  const { rows } = await db.query<Approval>(
    `SELECT ${COLUMNS} FROM approvals WHERE state = 'approved' AND run IS NULL ORDER BY id`,
  );
  return rows;
}

/** Keeps which run came of an approval, or why none could. */
export async function setApprovalRun(db: Db, id: number, run: string): Promise<void> {
  await db.query('UPDATE approvals SET run = $2 WHERE id = $1', [id, run]);
}

/** Minute at which a retraining of this model was last declined. */
export async function lastDeclined(db: Db, modelKey: ModelKey): Promise<Minute | null> {
  const { rows } = await db.query<{ minute: Minute }>(
    `SELECT ${minuteOf('watermark')} AS minute FROM approvals
     WHERE model_key = $1 AND state = 'declined' ORDER BY id DESC LIMIT 1`,
    [modelKey],
  );
  return rows[0]?.minute ?? null;
}
