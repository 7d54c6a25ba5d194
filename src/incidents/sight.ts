import type { Incident } from './incident.js';

/**
 * What found an incident, for notices and the command line: "peak score 4.10 at 2026-01-31 12:00, seen by lstm", or
 * what stood in for the models, which have no score of their own then.
 * @param timeOf words for a minute (whole minutes since 1970)
 */
export function sightOf(incident: Incident, timeOf: (minute: number) => string): string {
  if (incident.detail.openedBy === 'watch') return 'found by comparing updates with your declaration';
  const seen = incident.models.length > 0 ? `seen by ${incident.models.join(', ')}` : 'found by its routes';
  return `peak score ${incident.peakScore.toFixed(2)} at ${timeOf(incident.peakMinute)}, ${seen}`;
}
