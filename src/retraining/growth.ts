import { z } from 'zod';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';

/**
 * Days of a new regime at which it is trained on again, besides the length of a whole window. Each training begins a
 * cool-down, in which the next change waits, so there are no more of them than what is known grows much.
 */
const STAGES = [1];

/** What a version made for a lasting change knows of its regime; stored with its metrics. */
export const regimeMetrics = z.object({
  since: z.int().describe('First minute since the change'),
  until: z.int().describe('Minute after the last that it was trained on'),
  whole: z
    .number()
    .default(7 * MINUTES_PER_DAY)
    .describe('Minutes of a whole training window by the settings of then'),
});
export type Regime = Pick<z.infer<typeof regimeMetrics>, 'since' | 'until'>;

/**
 * What a version that a change asked for has seen of the new normal, while that is less than a whole window.
 * @param metrics of a stored version
 * @returns minutes; null when the version is not provisional
 */
export function provisional(metrics: unknown): { since: Minute; minutes: Minute } | null {
  const regime = z.object({ regime: regimeMetrics }).safeParse(metrics).data?.regime;
  if (regime === undefined || regime.until - regime.since >= regime.whole) return null;
  return { since: regime.since, minutes: regime.until - regime.since };
}

/**
 * Whether a provisional version is to be followed by one that has seen more of its regime: at a day and at a whole window.
 * @returns how many days there are now; null while the next stage is still to come
 */
export function dueGrowth(regime: Regime, now: Minute, trainingDays: number): number | null {
  const stages = [...STAGES.filter((days) => days < trainingDays), trainingDays];
  const seen = regime.until - regime.since;
  const due = stages.filter((days) => seen < days * MINUTES_PER_DAY && now - regime.since >= days * MINUTES_PER_DAY);
  return due.at(-1) ?? null;
}
