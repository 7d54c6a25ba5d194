import type { Incident, IncidentDetail } from '../incident.js';
import { standing } from './ownPrefix.js';
import type { OwnTable } from './ownTable.js';

/**
 * Why an incident of own prefixes ends, seen from the routes that are there now.
 * @param unheard prefixes whose sessions went down since the incident began
 */
export function endingOf(
  incident: Incident,
  table: OwnTable,
  unheard: ReadonlySet<string>,
): { by: NonNullable<IncidentDetail['closedBy']>; words: string } {
  const prefixes = incident.detail.watched.map(({ prefix }) => prefix ?? '');
  const [first = ''] = prefixes;
  const others = prefixes.length > 1 ? ` and ${prefixes.length - 1} more` : '';
  const are = prefixes.length > 1 ? 'are' : 'is';
  const own = table.prefixes.get(first);
  if (own === undefined) {
    return { by: 'quiet', words: `no more news of ${first}${others}: the routes may still stand` };
  }
  if (prefixes.every((prefix) => unheard.has(prefix))) {
    return { by: 'quiet', words: `no more news of ${first}${others}: the sessions that announced it are gone` };
  }
  const left = standing(own).length;
  if (incident.class === 'outage') {
    return { by: 'ended', words: `your ${first}${others} ${are} back: ${left} of ${own.routes.size} peers have it` };
  }
  const origins = [...new Set(standing(own).flatMap(([, route]) => route.origins))].map((as) => `AS${as}`);
  const now = left === 0 ? 'it was withdrawn' : `now announced by ${origins.join(', ')} to ${left} peers`;
  return { by: 'ended', words: `${first}${others} ${are} as declared again: ${now}` };
}
