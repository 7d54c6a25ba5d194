import { plural } from '../../words/plural.js';
import { bySize, shifted } from '../severity.js';
import { type ClassRule, clamped, NOTHING } from './classRule.js';
import {
  FEWEST_PEERS,
  foreignCulprits,
  foreignRouteReasons,
  foreignRoutes,
  grabbers,
  isMajor,
  isTaken,
} from './foreignRoutes.js';

/**
 * A prefix, or a part of one, announced by a network that does not hold it, and believed by many peers, or of several
 * holders at once. What only few peers see, what a ROA allows and what leads through the holder is a MOAS.
 */
export const hijack: ClassRule = {
  name: 'hijack',
  judge({ evidence, settings }) {
    const foreign = foreignRoutes(evidence);
    const several = grabbers(foreign, settings.evidence.holders);
    const routes = foreign.filter((route) => isTaken(route, several));
    if (routes.length === 0) return NOTHING;
    const widest = Math.max(...routes.map(({ share }) => share));
    const invalid = routes.filter(({ validity }) => validity === 'invalid').length;
    const score = clamped(0.55 + 0.3 * widest + (several.size > 0 ? 0.1 : 0) + (invalid > 0 ? 0.1 : 0));
    const suspicious = routes.some((route) => isMajor(route, evidence, settings.evidence));
    const major = suspicious || (several.size > 0 && widest >= FEWEST_PEERS);
    const sized = major ? bySize(routes.length, settings.size.hijackPrefixes) : 'minor';
    const takers = new Set(routes.map(({ origin }) => origin));
    const holders = new Set(routes.map((route) => route.holders[0]!));
    return {
      score,
      severity: invalid > 0 && widest >= settings.evidence.peerShare ? shifted(sized, 1) : sized,
      reasons: [
        `${plural(routes.length, 'prefix')} taken over by ${named(takers)} from ${named(holders)}`,
        ...foreignRouteReasons(routes),
      ],
      culprits: foreignCulprits(routes),
    };
  },
};

/** One network by its number, several by how many they are. */
function named(networks: ReadonlySet<number>): string {
  return networks.size === 1 ? `AS${[...networks][0]}` : plural(networks.size, 'network');
}
