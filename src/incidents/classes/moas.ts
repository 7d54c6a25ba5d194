import { plural } from '../../words/plural.js';
import { type ClassRule, clamped, NOTHING, percent } from './classRule.js';
import { foreignCulprits, foreignRouteReasons, foreignRoutes, grabbers, isTaken } from './foreignRoutes.js';

/**
 * Multiple origin AS: a second network originates a prefix beside its holder, in a way that may well be meant: a ROA
 * allows it, it leads through the holder, or only few peers prefer it.
 */
export const moas: ClassRule = {
  name: 'moas',
  judge({ evidence, settings }) {
    const foreign = foreignRoutes(evidence);
    const several = grabbers(foreign, settings.evidence.holders);
    const routes = foreign.filter((route) => !isTaken(route, several));
    if (routes.length === 0) return NOTHING;
    const allowed = routes.filter(({ validity }) => validity === 'valid');
    const behind = routes.filter(({ behindHolder }) => behindHolder);
    const widest = Math.max(...routes.map(({ share }) => share));
    const why =
      allowed.length > 0
        ? `a ROA allows ${allowed.length} of ${routes.length}: RPKI valid, which lowers the severity`
        : behind.length > 0
          ? `${behind.length} of ${routes.length} lead through the holder`
          : `at most ${percent(widest)} of the peers prefer it`;
    return {
      score: clamped(0.4 + 0.35 * widest),
      severity: allowed.length === routes.length ? 'info' : 'minor',
      reasons: [`${plural(routes.length, 'prefix')} with a further origin; ${why}`, ...foreignRouteReasons(routes)],
      culprits: foreignCulprits(routes),
    };
  },
};
