import { plural } from '../../words/plural.js';
import { carriagesIn, LEAK_BITS } from '../carriages.js';
import type { IncidentEvidence } from '../evidence.js';
import { bySize } from '../severity.js';
import { leakSuspicion } from '../suspicion/carriageSuspicion.js';
import { oddsWords } from '../suspicion/suspicion.js';
import { type ClassRule, clamped, type Judgement, NOTHING } from './classRule.js';

/**
 * A route leak (RFC 7908): a network passes on routes that it should keep to itself. Seen from outside: many routes of
 * many origins suddenly run through neighbour pairs never seen before, all around one network, and paths get longer.
 */
export const leak: ClassRule = {
  name: 'leak',
  judge({ evidence, settings }) {
    if (evidence.known !== undefined) return judgeCarriages(evidence, settings.size.leakRoutes);
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
    // the new stretch begins. Links look alike in both cases, so both are named.
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

/** Rows that say who began to carry whose routes: the network in the middle of the most suspicious new paths. */
function judgeCarriages(evidence: IncidentEvidence, limits: { major: number; critical: number }): Judgement {
  const [worst] = carriagesIn(evidence.transits ?? [], evidence.known ?? 0, evidence.peersSeen)
    .map((carriage) => ({ carriage, suspicion: leakSuspicion(carriage) }))
    .filter(({ suspicion, carriage }) => suspicion.bits >= 0 && carriage.prefixes >= 10)
    .sort((a, b) => b.suspicion.bits - a.suspicion.bits || b.carriage.prefixes - a.carriage.prefixes);
  if (worst === undefined) return NOTHING;
  const { carriage, suspicion } = worst;
  const { carrier, main, prefixes, origins } = carriage;
  const longer = evidence.baseline.pathLength > 0 ? evidence.peaks.pathLength - evidence.baseline.pathLength : 0;
  const reasons = [
    `${plural(prefixes, 'prefix')} of ${plural(origins, 'network')} began to run through AS${carrier}, from AS${main.from} to AS${main.to}`,
    `${oddsWords(suspicion.bits)}: ${suspicion.words.slice(0, 3).join(', ')}`,
  ];
  if (longer >= 0.3) {
    reasons.push(
      `paths grew from ${evidence.baseline.pathLength.toFixed(1)} to ${evidence.peaks.pathLength.toFixed(1)} hops on average`,
    );
  }
  return {
    score: clamped(0.3 + 0.1 * suspicion.bits + 0.3 * Math.min(1, prefixes / limits.major)),
    severity: suspicion.bits < LEAK_BITS ? 'minor' : bySize(prefixes, limits),
    reasons,
    culprits: {
      prefixes: [
        ...new Set((evidence.transits ?? []).filter((t) => t.carrier === carrier).flatMap((t) => t.sample)),
      ].map((name) => ({ name, count: 1 })),
      origins: [{ name: `AS${carrier}`, count: prefixes }],
      peers: [],
    },
  };
}
