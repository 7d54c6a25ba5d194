import { SEVERITIES, type Severity } from './incident.js';

export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function atLeast(severity: Severity, floor: Severity): Severity {
  return severityRank(severity) >= severityRank(floor) ? severity : floor;
}

/** Moves `steps` up (or down, when negative) and stops at either end. */
export function shifted(severity: Severity, steps: number): Severity {
  return SEVERITIES[Math.max(0, Math.min(SEVERITIES.length - 1, severityRank(severity) + steps))]!;
}

/** The severity that a size reaches, given the size at which each next one begins. */
export function bySize(size: number, limits: { major: number; critical: number }): Severity {
  if (size >= limits.critical) return 'critical';
  return size >= limits.major ? 'major' : 'minor';
}
