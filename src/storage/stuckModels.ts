import type { Pool } from 'pg';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { MODEL_KINDS, type ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { currentActivation, watermark } from './activations.js';
import { appendAudit } from './audit.js';
import { type Db, inTransaction } from './pool.js';
import { anomalousByHour } from './scores.js';

/** A model whose serving version flags far too much, while the versions that should replace it were not let through. */
export interface StuckModel {
  modelKey: ModelKey;
  /** Row of the newest refusal in `retrain_runs`. */
  rowId: number;
  state: 'held' | 'rejected';
  /** Version that was refused last; null when its number is not known. */
  version: number | null;
  reasons: string[];
  /** The stream's newest minute at that refusal. */
  refusedAt: Minute | null;
  /** The version that serves. */
  champion: number;
  /** Share of the last six hours' minutes that it flags. */
  flagged: number;
  /** First hour from which on it has flagged that much. */
  since: Minute;
}

/** Minutes over which the serving version's flags are counted. */
const RECENT_MINUTES: Minute = 360;
const HOUR = 60;

/**
 * Models that only a person can help: the last retraining was held, or the last two were rejected, nobody has answered
 * it, and the serving version flags over `watchRate` of the last six hours.
 * @param only one model alone
 */
export async function stuckModels(db: Db, watchRate: number, only?: ModelKey): Promise<StuckModel[]> {
  const { rows } = await db.query<{
    key: ModelKey;
    id: number;
    state: 'held' | 'rejected';
    detail: Record<string, unknown>;
  }>(
    `SELECT last.key, last.id::float8 AS id, last.state, last.detail
     FROM streams s CROSS JOIN unnest($1::text[]) AS kind
     CROSS JOIN LATERAL (SELECT kind || '@' || s.name AS key) named
     CROSS JOIN LATERAL (
       SELECT named.key, id, state, detail, lead(state) OVER (ORDER BY id DESC) AS before FROM (
         SELECT id, state, detail FROM retrain_runs
         WHERE model_key = named.key AND state IN ('published', 'shadow', 'held', 'rejected')
         ORDER BY id DESC LIMIT 2) newest
       ORDER BY id DESC LIMIT 1) last
     LEFT JOIN refusal_answers answered ON answered.model_key = named.key
     WHERE ($2::text IS NULL OR named.key = $2) AND coalesce(answered.row_id < last.id, true)
       AND (last.state = 'held' OR (last.state = 'rejected' AND last.before IN ('rejected', 'held')))
     ORDER BY named.key`,
    [MODEL_KINDS, only ?? null],
  );
  const stuck: StuckModel[] = [];
  for (const { key, id, state, detail } of rows) {
    const { kind, stream } = parseModelKey(key);
    const [active, now] = [await currentActivation(db, key), await watermark(db, kind, stream)];
    if (active === null || now === null) continue;
    const end = now + 1;
    const hours = await anomalousByHour(
      db,
      { stream, kind, versionId: active.versionId },
      end - 14 * MINUTES_PER_DAY,
      end,
    );
    const share = (from: Minute, until: Minute): number => {
      const within = hours.filter(({ hour }) => hour >= from && hour < until);
      const minutes = within.reduce((sum, hour) => sum + hour.minutes, 0);
      return minutes === 0 ? 0 : within.reduce((sum, hour) => sum + hour.anomalous, 0) / minutes;
    };
    const flagged = share(end - RECENT_MINUTES, end);
    if (flagged <= watchRate) continue;
    let since = end - (end % HOUR) - RECENT_MINUTES + HOUR;
    while (share(since - RECENT_MINUTES, since) > watchRate) since -= HOUR;
    stuck.push({
      modelKey: key,
      rowId: id,
      state,
      version: typeof detail.version === 'number' ? detail.version : null,
      reasons: Array.isArray(detail.reasons) ? detail.reasons.map(String) : [],
      refusedAt: typeof detail.watermark === 'number' ? detail.watermark : null,
      champion: active.version,
      flagged,
      since,
    });
  }
  return stuck;
}

/** A person keeps the serving version: the refusals up to now need no answer. */
export async function keepChampion(
  pool: Pool,
  stuck: Pick<StuckModel, 'modelKey' | 'rowId' | 'champion' | 'version'>,
  by: { actor: string; reason: string },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(
      `INSERT INTO refusal_answers (model_key, row_id, actor, reason) VALUES ($1, $2, $3, $4)
       ON CONFLICT (model_key) DO UPDATE SET row_id = $2, actor = $3, reason = $4, at = now()`,
      [stuck.modelKey, stuck.rowId, by.actor, by.reason],
    );
    await appendAudit(client, {
      actor: by.actor,
      action: 'keep version',
      target: `${stuck.modelKey} ${stuck.champion}`,
      detail: { reason: by.reason, refused: stuck.version },
    });
  });
}
