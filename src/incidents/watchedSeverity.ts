import type { ValidityOf } from './evidence.js';
import type { Severity, WatchedRoute } from './incident.js';
import { atLeast } from './severity.js';

/**
 * An incident that touches the operator's own is at least major, and critical when a route of theirs was taken or lost.
 * A new origin that a ROA of theirs allows is worth a look, no more.
 */
export function watchedSeverity(base: Severity, watched: readonly WatchedRoute[], validityOf: ValidityOf): Severity {
  if (watched.length === 0) return base;
  const floors = watched.map(({ kind, prefix, origin }): Severity => {
    if (kind === 'new neighbour') return 'major';
    if (kind === 'withdrawn') return 'critical';
    return prefix !== undefined && origin !== undefined && validityOf(prefix, origin) === 'valid'
      ? 'minor'
      : 'critical';
  });
  return floors.reduce((severity, floor) => atLeast(severity, floor), base);
}
