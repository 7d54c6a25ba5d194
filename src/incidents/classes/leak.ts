import { bySize } from '../severity.js';
import { type ClassRule, clamped, NOTHING, plural } from './classRule.js';

/**
 * A route leak (RFC 7908): a network passes on routes that it should keep to itself. Seen from outside: many routes of
 * many origins suddenly run through neighbour pairs never seen before, all around one network, and paths get longer.
 */
export const leak: ClassRule = {
  name: 'leak',
  judge({ evidence, settings }) {
    const through = new Map<number, { routes: number; prefixes: Set<string>; links: string[] }>();
    for (const link of evidence.newLinks) {
      for (const network of [link.left, link.right]) {
        const sum = through.get(network) ?? { routes: 0, prefixes: new Set<string>(), links: [] };
        sum.routes += link.routes;
        sum.links.push(`AS${link.left}-AS${link.right}`);
        for (const prefix of link.prefixes) sum.prefixes.add(prefix);
        through.set(network, sum);
      }
    }
    const ends = new Map<number, number>();
    for (const { left, right, routes } of evidence.newLinks) {
      ends.set(left, (ends.get(left) ?? 0) + routes);
      ends.set(right, (ends.get(right) ?? 0) - routes);
    }
    // On a single new link both ends carry the same routes; the left end, nearer to the peer, passed them on.
    const outflow = (network: number): number => ends.get(network) ?? 0;
    const ranked = [...through].sort(
      ([a, first], [b, second]) => second.routes - first.routes || outflow(b) - outflow(a) || a - b,
    );
    const [leaker] = ranked;
    if (leaker === undefined) return NOTHING;
    const [network, { routes, prefixes, links }] = leaker;
    // The uphill links of the leaker's provider may come to light too; it is then in the middle, and the leaker is where
    // the new stretch begins. Links do not tell the two cases apart, so both are named.
    const beginning = ranked.reduce((most, entry) => (outflow(entry[0]) > outflow(most[0]) ? entry : most));
    const suspects = beginning[0] === network ? [leaker] : [leaker, beginning];
    const limits = settings.size.leakRoutes;
    const { baseline, peaks } = evidence;
    const longer = baseline.pathLength > 0 ? peaks.pathLength - baseline.pathLength : 0;
    const wide = Math.min(1, routes / limits.major);
    const score = clamped(0.2 + 0.5 * wide + (longer >= 0.3 ? 0.1 : 0) + (prefixes.size >= 5 ? 0.1 : 0));
    const reasons = [
      `${plural(routes, 'route')} run through AS${network} over ${plural(links.length, 'link')} never seen before (${links.slice(0, 3).join(', ')})`,
    ];
    if (longer >= 0.3) {
      reasons.push(
        `paths grew from ${baseline.pathLength.toFixed(1)} to ${peaks.pathLength.toFixed(1)} hops on average`,
      );
    }
    return {
      score,
      severity: bySize(routes, limits),
      reasons,
      culprits: {
        prefixes: [...prefixes].map((name) => ({ name, count: 1 })),
        origins: suspects.map(([suspect, through]) => ({ name: `AS${suspect}`, count: through.routes })),
        peers: [],
      },
    };
  },
};
