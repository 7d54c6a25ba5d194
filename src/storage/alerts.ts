import type { ClientBase, Pool } from 'pg';
import type { Alert, AlertBody, AlertKind, AlertRequest, Delivery, DeliveryState } from '../incidents/alerts/alert.js';
import type { Severity } from '../incidents/incident.js';
import { severityRank } from '../incidents/severity.js';
import { type Db, inTransaction } from './pool.js';

interface AlertRow {
  id: string;
  fingerprint: string;
  kind: AlertKind;
  severity: Severity;
  title: string;
  body: AlertBody;
  raised_at: Date;
  resolved_at: Date | null;
  delivered: DeliveryState;
}

const COLUMNS = 'id, fingerprint, kind, severity, title, body, raised_at, resolved_at, delivered';

function alertOf(row: AlertRow): Alert {
  return {
    id: Number(row.id),
    fingerprint: row.fingerprint,
    kind: row.kind,
    severity: row.severity,
    title: row.title,
    body: row.body,
    raisedAt: row.raised_at,
    resolvedAt: row.resolved_at,
    delivered: row.delivered,
  };
}

function bodyOf(request: AlertRequest, revision: number, times: number): AlertBody {
  const { lines, stream, class: name, watched, facts, messages, once, history } = request;
  return { lines, revision, times, stream, class: name, watched, facts, messages, once, history };
}

/**
 * Raises an alert, or adds to the one of the same fingerprint that is open. Gives its id, and whether there is anything
 * new to tell. Call it in the transaction that writes what the alert is about; two callers at once still make one,
 * since they take turns until their transactions end.
 */
export async function raiseAlert(
  db: ClientBase,
  request: AlertRequest,
  now: Date,
): Promise<{ id: number; told: boolean }> {
  await db.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [request.fingerprint]);
  const { rows } = await db.query<AlertRow>(
    `SELECT ${COLUMNS} FROM alerts WHERE fingerprint = $1 AND resolved_at IS NULL ORDER BY id DESC LIMIT 1 FOR UPDATE`,
    [request.fingerprint],
  );
  const open = rows[0];
  if (open === undefined || request.once === true) return insertAlert(db, request, now);
  // What was found in history and still goes on now was not sent to anybody yet.
  const arrived = open.body.history === true && request.history !== true;
  const grown = request.grown === true || arrived || severityRank(request.severity) > severityRank(open.severity);
  // Whoever hears of it for the first time does not hear that it has grown.
  const isSent = Object.keys(open.delivered.channels ?? {}).length > 0;
  // What was sent once is not history, however late its next minutes are judged.
  const history = open.body.history === true && request.history === true;
  const body: AlertBody = {
    ...bodyOf({ ...request, history }, open.body.revision + (grown ? 1 : 0), open.body.times + 1),
    ...(open.body.reminder !== undefined && { reminder: open.body.reminder }),
  };
  await db.query(
    `UPDATE alerts SET kind = $2, severity = $3, title = $4, body = $5,
       delivered = CASE WHEN $6 THEN delivered || jsonb_build_object('done', false, 'dueAt', $7::text, 'asOf', $7::text)
         ELSE delivered END
     WHERE id = $1`,
    [
      open.id,
      isSent ? request.kind : open.kind,
      request.severity,
      request.title,
      JSON.stringify(body),
      grown,
      now.toISOString(),
    ],
  );
  return { id: Number(open.id), told: grown };
}

/** `raiseAlert` in a transaction of its own, for alerts that are about nothing in the database. */
export function raiseAlertAlone(pool: Pool, request: AlertRequest, now: Date): Promise<{ id: number; told: boolean }> {
  return inTransaction(pool, (db) => raiseAlert(db, request, now));
}

async function insertAlert(db: ClientBase, request: AlertRequest, now: Date): Promise<{ id: number; told: boolean }> {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO alerts (fingerprint, kind, severity, title, body, raised_at, delivered)
     VALUES ($1, $2, $3, $4, $5, $6, jsonb_build_object('done', false, 'dueAt', $7::text, 'asOf', $7::text)) RETURNING id`,
    [
      request.fingerprint,
      request.kind,
      request.severity,
      request.title,
      JSON.stringify(bodyOf(request, 1, 1)),
      now,
      now.toISOString(),
    ],
  );
  return { id: Number(rows[0]!.id), told: true };
}

/** Marks what is open under this fingerprint as over, to be sent where it was sent before. Gives how many there were. */
export async function resolveAlert(db: Db, fingerprint: string, now: Date, last?: AlertRequest): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE alerts SET resolved_at = $2, kind = coalesce($3, kind), title = coalesce($4, title),
       severity = coalesce($5, severity), body = body || coalesce($6::jsonb, '{}'),
       delivered = delivered || jsonb_build_object('done', false, 'dueAt', $7::text, 'asOf', $7::text)
     WHERE fingerprint = $1 AND resolved_at IS NULL AND NOT coalesce((body->>'once')::boolean, false)`,
    [
      fingerprint,
      now,
      last?.kind ?? null,
      last?.title ?? null,
      last?.severity ?? null,
      last === undefined ? null : JSON.stringify({ lines: last.lines, facts: last.facts, class: last.class }),
      now.toISOString(),
    ],
  );
  return rowCount ?? 0;
}

/**
 * Takes alerts with something to deliver, for `leaseSeconds`: another outbox leaves them alone until then, and takes
 * them if this one died. Times that were written by a clock that has been set back since hold nothing up.
 */
export async function claimDueAlerts(db: Db, now: Date, leaseSeconds: number, limit: number): Promise<Alert[]> {
  const until = new Date(now.getTime() + leaseSeconds * 1000);
  const { rows } = await db.query<AlertRow>(
    `UPDATE alerts SET delivered = delivered || jsonb_build_object('claimedUntil', $2::text, 'asOf', $1::text)
     WHERE id IN (
       SELECT id FROM alerts
       WHERE delivered->>'done' IS DISTINCT FROM 'true' AND (delivered->>'asOf' > $1
         OR (coalesce(delivered->>'dueAt', '') <= $1 AND coalesce(delivered->>'claimedUntil', '') <= $1))
       ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)
     RETURNING ${COLUMNS}`,
    [now.toISOString(), until.toISOString(), limit],
  );
  return rows.map(alertOf).sort((a, b) => a.id - b.id);
}

/** Frees what a dead outbox had taken, or was sending; for a caller who knows that no other outbox runs. */
export async function freeClaims(db: Db): Promise<void> {
  await db.query(
    `UPDATE alerts SET delivered = delivered - 'claimedUntil' - 'dueAt' || jsonb_build_object('channels', (
         SELECT coalesce(jsonb_object_agg(name, CASE WHEN told->>'underWay' = 'true' THEN told - 'nextAt' - 'underWay' ELSE told END), '{}')
         FROM jsonb_each(CASE jsonb_typeof(delivered->'channels') WHEN 'object' THEN delivered->'channels' ELSE '{}' END) AS c (name, told)))
     WHERE delivered->>'done' IS DISTINCT FROM 'true' AND jsonb_typeof(delivered) = 'object'
       AND (delivered ? 'claimedUntil' OR jsonb_path_exists(delivered, '$.channels.*.underWay ? (@ == true)'))`,
  );
}

/**
 * Records what became of a claimed alert and gives up the claim. If the alert grew or ended meanwhile, it stays due.
 */
export async function recordDelivery(db: Db, alert: Alert, delivered: DeliveryState, now: Date): Promise<void> {
  await db.query(
    `UPDATE alerts SET delivered = CASE
         WHEN (body->>'revision')::integer = $2 AND (resolved_at IS NOT NULL) = $3 THEN $4::jsonb
         ELSE $4::jsonb || jsonb_build_object('done', false, 'dueAt', $5::text) END
     WHERE id = $1`,
    [
      alert.id,
      alert.body.revision,
      alert.resolvedAt !== null,
      JSON.stringify({ ...delivered, claimedUntil: undefined, asOf: now.toISOString() }),
      now.toISOString(),
    ],
  );
}

/** What became of an alert at one channel that was slower than the round it was claimed in. It is looked at again at once. */
export async function recordLateDelivery(
  db: Db,
  alertId: number,
  channel: string,
  delivery: Delivery,
  now: Date,
): Promise<void> {
  await db.query(
    `UPDATE alerts SET delivered = delivered || jsonb_build_object(
         'channels', coalesce(delivered->'channels', '{}') || jsonb_build_object($2::text, $3::jsonb),
         'done', false, 'dueAt', $4::text, 'asOf', $4::text)
     WHERE id = $1`,
    [alertId, channel, JSON.stringify(delivery), now.toISOString()],
  );
}

/**
 * Makes what is open, was sent `minutes` ago or earlier, and has nothing else to tell, a revision that says so again. What
 * somebody looks after, and what is only an event or history, is left alone. Gives how many there were.
 */
export async function remindOf(db: Db, minutes: number, now: Date): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE alerts SET
       body = body || jsonb_build_object('revision', (body->>'revision')::integer + 1, 'reminder', (body->>'revision')::integer + 1),
       delivered = delivered || jsonb_build_object('done', false, 'dueAt', $1::text, 'asOf', $1::text)
     WHERE resolved_at IS NULL AND raised_at <= $2 AND delivered->>'done' = 'true' AND jsonb_typeof(body->'revision') = 'number'
       AND body->>'once' IS DISTINCT FROM 'true' AND body->>'history' IS DISTINCT FROM 'true'
       AND EXISTS (SELECT FROM jsonb_each(delivered->'channels') AS c (name, told)
         WHERE told->>'state' = 'sent' AND (told->>'revision')::integer > 0)
       AND NOT EXISTS (SELECT FROM jsonb_each(delivered->'channels') AS c (name, told) WHERE told->>'at' > $3)
       AND NOT EXISTS (SELECT FROM incidents i WHERE to_jsonb(i.id) = body->'facts'->'incident' AND i.acknowledged_by IS NOT NULL)`,
    [
      now.toISOString(),
      new Date(now.getTime() - minutes * 60_000),
      new Date(now.getTime() - minutes * 60_000).toISOString(),
    ],
  );
  return rowCount ?? 0;
}

/** Open alerts of these kinds: their titles. */
export async function openAlertsOf(db: Db, kinds: readonly AlertKind[]): Promise<string[]> {
  const { rows } = await db.query<{ title: string }>(
    'SELECT title FROM alerts WHERE resolved_at IS NULL AND kind = ANY ($1)',
    [kinds],
  );
  return rows.map(({ title }) => title);
}

/** Takes a row that cannot be read out of what is to be sent. */
export async function setAsideAlert(db: Db, alertId: number, error: string): Promise<void> {
  await db.query(`UPDATE alerts SET delivered = jsonb_build_object('done', true, 'error', $2::text) WHERE id = $1`, [
    alertId,
    error.slice(0, 300),
  ]);
}

/** When an alert of this fingerprint was last raised before the one with this id; null when never. */
export async function raisedBefore(db: Db, alert: Alert): Promise<Date | null> {
  const { rows } = await db.query<{ raised_at: Date }>(
    'SELECT raised_at FROM alerts WHERE fingerprint = $1 AND id < $2 ORDER BY id DESC LIMIT 1',
    [alert.fingerprint, alert.id],
  );
  return rows[0]?.raised_at ?? null;
}

/**
 * The newest alert of each fingerprint: those of a kind that are open (fingerprint KIND/...),
 * and those of the fingerprints given.
 */
export async function newestAlerts(db: Db, kind: AlertKind, fingerprints: readonly string[]): Promise<Alert[]> {
  const { rows } = await db.query<AlertRow>(
    `SELECT DISTINCT ON (fingerprint) ${COLUMNS} FROM alerts
     WHERE fingerprint = ANY ($2) OR (resolved_at IS NULL AND kind = $1 AND starts_with(fingerprint, $1 || '/')
       AND body->>'once' IS DISTINCT FROM 'true')
     ORDER BY fingerprint, id DESC`,
    [kind, fingerprints],
  );
  return rows.map(alertOf);
}

/** Newest first. */
export async function listAlerts(db: Db, filter: { open?: boolean; limit?: number } = {}): Promise<Alert[]> {
  const { rows } = await db.query<AlertRow>(
    `SELECT ${COLUMNS} FROM alerts WHERE ($1::boolean IS NULL OR (resolved_at IS NULL) = $1) ORDER BY id DESC LIMIT $2`,
    [filter.open ?? null, filter.limit ?? 100],
  );
  return rows.map(alertOf);
}
