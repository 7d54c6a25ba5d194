import type { ShadowComparison } from '../storage/shadows.js';
import type { RetrainingSettings } from './settings.js';

/** Minutes after which a shadow that does not keep up with the champion is given up. */
const PATIENCE_MINUTES = 60;

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`;

/**
 * Whether a challenger that scores beside the champion may take over. Minutes in incidents do not count against it, and a
 * change that both versions find anomalous does not either: it must be worse than the gate allows and than the champion.
 *
 * @param minutes how many minutes both must have scored
 */
export function judgeShadow(
  minutes: number,
  seen: ShadowComparison,
  settings: Pick<RetrainingSettings, 'maximumAnomalyRate' | 'championMargin'>,
): { state: 'waiting' | 'rejected' | 'published'; reason: string } {
  if (seen.both < minutes) {
    return seen.champion < minutes + PATIENCE_MINUTES
      ? { state: 'waiting', reason: `${seen.both} of ${minutes} minutes` }
      : { state: 'rejected', reason: `it scored ${seen.both} of ${seen.champion} minutes beside the champion` };
  }
  const words = `beside the champion it found ${percent(seen.shadowAnomalous, seen.ordinary)} of ${seen.ordinary} minutes outside incidents anomalous, the champion ${percent(seen.championAnomalous, seen.ordinary)}`;
  const rate = seen.shadowAnomalous / Math.max(1, seen.ordinary);
  const champion = seen.championAnomalous / Math.max(1, seen.ordinary);
  const isWorse = rate > settings.maximumAnomalyRate && rate > champion + settings.championMargin;
  return { state: isWorse ? 'rejected' : 'published', reason: words };
}
