import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import { BadArtifact, type ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { loadVersion } from '../registry/load.js';
import { RegistryRefusal, rollback } from '../registry/registry.js';
import { currentActivation } from '../storage/activations.js';
import { featureBlock } from '../storage/features.js';
import { type ModelVersion, versionById } from '../storage/modelVersions.js';
import { anomalyCount } from '../storage/scores.js';
import type { RetrainingSettings } from './settings.js';
import type { ModelKinds } from './trainingRun.js';

export const WATCH_ACTOR = 'post-publish watch';

/** `none`: nothing to watch, or nothing to go back to. */
export type WatchOutcome =
  | { state: 'none' | 'watching' | 'passed' }
  /** Anomalous for the version before as well. */
  | { state: 'traffic'; reason: string }
  | { state: 'rolled back'; from: number; to: number; reason: string };

/**
 * Looks after a version in its first minutes: when its anomaly rate runs away, the version before serves again, once.
 * A pointer that the watch itself moved is never moved again by it. An incident right after a publish looks the same, and
 * so may a runaway version make incidents of ordinary minutes: the version before scores the same minutes, and where it
 * finds them anomalous as well it is the traffic, and nothing is moved.
 *
 * @param now the stream's watermark
 */
export async function watchPublished(
  pool: Pool,
  modelKey: ModelKey,
  now: Minute,
  settings: RetrainingSettings,
  kinds: ModelKinds,
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
  const before = await rateOfBefore(pool, version, active.from, now, kinds);
  // There is nothing good to go back to.
  if (before === null) return { state: 'none' };
  if (before > settings.watchRate) {
    return {
      state: 'traffic',
      reason: `${percent(rate)} of its first ${seen.minutes} minutes are anomalous, and for the version before ${percent(before)} of them`,
    };
  }
  const reason = `${seen.anomalous} of the first ${seen.minutes} minutes that version ${active.version} scored are anomalous (limit ${(100 * settings.watchRate).toFixed(0)} %), and ${percent(before)} of them for the version before`;
  try {
    const moved = await rollback({ pool, modelKey, actor: WATCH_ACTOR, reason, activation: active.id });
    return { state: 'rolled back', from: moved.from, to: moved.to.version, reason };
  } catch (error) {
    // Another watch or a person was faster, or there is nothing to go back to.
    if (error instanceof RegistryRefusal) return { state: 'none' };
    throw error;
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The share of the minutes from `from` to `now` that a version's parent finds anomalous; null when it cannot be loaded. */
async function rateOfBefore(
  pool: Pool,
  version: ModelVersion,
  from: Minute,
  now: Minute,
  kinds: ModelKinds,
): Promise<number | null> {
  const kind = kinds[version.kind];
  if (!kind || version.parentId === null) throw new Error(`nothing is known of models of kind ${version.kind}`);
  try {
    const { model } = await loadVersion(pool, version.modelKey, version.parentId, kind);
    const block = await featureBlock(pool, version.stream, from - kind.context, now + 1);
    const first = block.minutes.findIndex((minute) => minute >= from);
    const { score } = await kind.score(model, block, Math.max(0, first));
    const scored = score.filter(Number.isFinite);
    const threshold = kind.threshold(model);
    return scored.filter((value) => value > threshold).length / Math.max(1, scored.length);
  } catch (error) {
    if (error instanceof BadArtifact) return null;
    throw error;
  }
}
