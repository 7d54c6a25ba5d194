import type { Minute } from '../features/row.js';

/** A version that was trained because the traffic changed for good, and began to serve. */
export interface Adaptation {
  /** First minute that it scores. */
  minute: Minute;
  kind: string;
  model: string;
  version: number;
  /** First minute since the change. */
  since: Minute;
  /** Drift report that asked for it. */
  report: number | null;
}

/** Share of the time since the change that an incident must cover to be that change and no event in the midst of it. */
const COVERS = 0.5;

/**
 * The versions that took an open incident for the new normal, once there is one of every kind that flagged it.
 * @returns null while one is missing
 */
export function adaptedTo(
  open: { startedAt: Minute; models: readonly string[] },
  now: Minute,
  adaptations: readonly Adaptation[],
): Adaptation[] | null {
  const kinds = open.models.filter((name) => name !== 'evidence');
  const own = adaptations.filter(
    ({ minute, since }) =>
      minute > open.startedAt && minute <= now && minute - open.startedAt >= COVERS * (minute - since),
  );
  const newest = kinds.map((kind) => own.findLast((adaptation) => adaptation.kind === kind));
  return kinds.length > 0 && newest.every((adaptation) => adaptation !== undefined) ? newest : null;
}
