import type { Incident } from './incident.js';

/** An incident that another may be related to. */
export interface Candidate extends Incident {
  id: number;
  relatedTo: number | null;
}

const names = (incident: Incident, sort: 'prefixes' | 'origins') =>
  new Set(incident.culprits[sort].slice(0, 5).map(({ name }) => name));

function share(a: Set<string>, b: Set<string>): boolean {
  for (const name of a) if (b.has(name)) return true;
  return false;
}

/** Two streams saw one event: the same class (or one has none yet) and a common culprit prefix or origin. */
export function sameEvent(a: Incident, b: Incident): boolean {
  if (a.stream === b.stream) return false;
  const overlaps =
    a.startedAt < (b.endedAt ?? Number.POSITIVE_INFINITY) && b.startedAt < (a.endedAt ?? Number.POSITIVE_INFINITY);
  const agree = a.class === b.class || a.class === 'unknown' || b.class === 'unknown';
  // A reset of a collector's own session is that stream's alone; storms touch everybody, so their time is enough.
  if (a.class === 'session reset' || b.class === 'session reset' || !agree) return false;
  if (a.class === 'instability' && b.class === 'instability' && overlaps) return true;
  return share(names(a, 'prefixes'), names(b, 'prefixes')) || share(names(a, 'origins'), names(b, 'origins'));
}

/** The earliest incident of the same event, which leads the others; null when this one leads, or is alone. */
export function leaderOf(incident: Incident & { id: number }, candidates: readonly Candidate[]): number | null {
  const same = candidates.filter((candidate) => sameEvent(incident, candidate));
  const earlier = same
    .filter(
      (candidate) =>
        candidate.startedAt < incident.startedAt ||
        (candidate.startedAt === incident.startedAt && candidate.stream < incident.stream),
    )
    .sort((a, b) => a.startedAt - b.startedAt || (a.stream < b.stream ? -1 : 1));
  const [first] = earlier;
  return first === undefined ? null : (first.relatedTo ?? first.id);
}
