import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { RegistryRefusal, rollback } from '../registry/registry.js';
import { currentActivation } from '../storage/activations.js';
import { versionById } from '../storage/modelVersions.js';
import { anomalyCount } from '../storage/scores.js';
import type { RetrainingSettings } from './settings.js';

export const WATCH_ACTOR = 'post-publish watch';

/** `none`: nothing to watch, or nothing to go back to. */
export type WatchOutcome =
  | { state: 'none' | 'watching' | 'passed' }
  | { state: 'rolled back'; from: number; to: number; reason: string };

/**
 * Looks after a version in its first minutes: when its anomaly rate runs away, the version before serves again, once.
 * A pointer that the watch itself moved is never moved again by it. An incident right
 * after a publish looks the same; the version before is a good one, so that the move does no harm.
 *
 * @param now the stream's watermark
 */
export async function watchPublished(
  pool: Pool,
  modelKey: ModelKey,
  now: Minute,
  settings: RetrainingSettings,
): Promise<WatchOutcome> {
  const active = await currentActivation(pool, modelKey);
  if (!active || active.actor === WATCH_ACTOR) return { state: 'none' };
  const version = await versionById(pool, active.versionId);
  if (!version || version.parentId === null || version.pinned) return { state: 'none' };
  if (now >= active.from + settings.watchMinutes) return { state: 'passed' };
  const { kind, stream } = parseModelKey(modelKey);
  const seen = await anomalyCount(pool, stream, kind, active.versionId, active.from);
  if (seen.minutes < settings.watchMinimumMinutes) return { state: 'watching' };
  const rate = seen.anomalous / seen.minutes;
  if (rate <= settings.watchRate) return { state: 'watching' };
  const reason = `${seen.anomalous} of the first ${seen.minutes} minutes that version ${active.version} scored are anomalous (limit ${(100 * settings.watchRate).toFixed(0)} %)`;
  try {
    const moved = await rollback({ pool, modelKey, actor: WATCH_ACTOR, reason, activation: active.id });
    return { state: 'rolled back', from: moved.from, to: moved.to.version, reason };
  } catch (error) {
    // Another watch or a person was faster, or there is nothing to go back to.
    if (error instanceof RegistryRefusal) return { state: 'none' };
    throw error;
  }
}
