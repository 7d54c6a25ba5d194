import type { ValidityOf } from './evidence.js';
import type { Severity, WatchedRoute } from './incident.js';
import { atLeast } from './severity.js';

/**
 * An incident is critical when a route of the operator's was taken or lost, and at least minor when they have a new neighbour.
 * A new origin that a ROA of theirs allows is worth a look, no more.
 */
export function watchedSeverity(base: Severity, watched: readonly WatchedRoute[], validityOf: ValidityOf): Severity {
  if (watched.length === 0) return base;
  const floors = watched.map(({ kind, prefix, origin }): Severity => {
    // most are new customers and peers; whether its origin is forged is for the suspicion to say
    if (kind === 'new neighbour') return 'minor';
    if (kind === 'withdrawn') return 'critical';
    return prefix !== undefined && origin !== undefined && validityOf(prefix, origin) === 'valid'
      ? 'minor'
      : 'critical';
  });
  return floors.reduce((severity, floor) => atLeast(severity, floor), base);
}
