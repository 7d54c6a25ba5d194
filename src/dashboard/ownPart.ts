import type { MinuteEvidence } from '../features/row.js';
import type { Incident } from '../incidents/incident.js';
import { isNeighbourhood, networkOfSubject } from '../incidents/subject.js';

interface MinuteOf {
  minute: number;
  evidence: Partial<MinuteEvidence>;
}

/**
 * What of some minutes belongs to an incident that a network is behind: what it announced, carried and lost, with the
 * paths that run over it. What no single network does has all of the minutes.
 */
export function ownPart<M extends MinuteOf>(
  { subject, class: name, culprits, detail }: Pick<Incident, 'subject' | 'class' | 'culprits' | 'detail'>,
  minutes: readonly M[],
): M[] {
  const named = networkOfSubject(subject);
  const network = Number(named?.slice(2));
  if (named === undefined || Number.isNaN(network)) return [...minutes];
  // For new neighbours it is your network, not theirs.
  const isIts = ({ origin }: { origin: number }) => origin === network && !isNeighbourhood(subject);
  const prefixes = new Set([
    ...(culprits.prefixes ?? []).map((prefix) => prefix.name),
    ...detail.watched.flatMap(({ prefix }) => prefix ?? []),
    ...minutes.flatMap(({ evidence: { newOrigins = [], moreSpecifics = [], tails = [] } }) =>
      [...newOrigins, ...moreSpecifics, ...tails].filter(isIts).map(({ prefix }) => prefix),
    ),
  ]);
  // What goes down with a network is its own, be it of others.
  const isLoss = name === 'outage';
  return minutes.map((one): M => {
    const { newOrigins, moreSpecifics, newLinks, withdrawn, paths, ...rest } = one.evidence;
    const evidence: Partial<MinuteEvidence> = { ...rest, resets: [] };
    if (newOrigins) evidence.newOrigins = newOrigins.filter(isIts);
    if (moreSpecifics) evidence.moreSpecifics = moreSpecifics.filter(isIts);
    if (newLinks) evidence.newLinks = newLinks.filter(({ left, right }) => left === network || right === network);
    if (withdrawn) evidence.withdrawn = isLoss ? withdrawn : withdrawn.filter(({ prefix }) => prefixes.has(prefix));
    if (paths) {
      evidence.paths = isLoss
        ? paths
        : paths.filter(({ before, during }) => before.includes(network) || during.includes(network));
    }
    return { ...one, evidence };
  });
}
