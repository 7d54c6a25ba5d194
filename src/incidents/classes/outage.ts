import { bySize } from '../severity.js';
import { type ClassRule, clamped, NOTHING, percent, plural } from './classRule.js';

/** Path exploration is over within minutes; a prefix still withdrawn later comes and goes, which is no outage. */
const EXPLORING = 6;

/** Prefixes lost by most of the peers that had them, and not announced again. */
export const outage: ClassRule = {
  name: 'outage',
  judge({ evidence, settings }) {
    const most = evidence.withdrawn.filter(
      ({ peers, peersBefore }) => peersBefore >= 2 && peers >= peersBefore * settings.evidence.peerShare,
    );
    const lost = most.filter(({ minute, last }) => last - minute <= EXPLORING);
    const ordinary = evidence.baseline.lost * evidence.observedMinutes;
    // Twice what ordinary minutes lose, and a few by chance, is still ordinary.
    const beyond = lost.length - 2 * ordinary - 2 * Math.sqrt(ordinary);
    if (lost.length === 0 || beyond <= 0) return NOTHING;
    const origins = new Map<number, number>();
    for (const { origin } of lost) origins.set(origin, (origins.get(origin) ?? 0) + 1);
    const [top] = [...origins].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const [network, held] = top!;
    const steady = lost.length / most.length;
    const { withdrawn, announced } = evidence.totals;
    const falling = withdrawn / Math.max(1, withdrawn + announced);
    const score = clamped(
      (0.45 + 0.3 * Math.min(1, beyond / settings.size.outagePrefixes.major) + 0.2 * Math.min(1, 2 * falling)) * steady,
    );
    const share = lost.reduce((sum, { peers, peersBefore }) => sum + Math.min(1, peers / peersBefore), 0) / lost.length;
    return {
      score,
      severity: bySize(lost.length, settings.size.outagePrefixes),
      reasons: [
        `${plural(lost.length, 'prefix')} withdrawn by ${percent(share)} of the peers that had them`,
        `${held} of them of AS${network}${origins.size > 1 ? `, the rest of ${plural(origins.size - 1, 'other network')}` : ''}`,
        `withdrawals are ${percent(falling)} of all updates`,
      ],
      culprits: {
        prefixes: lost.map(({ prefix, peers }) => ({ name: prefix, count: peers })),
        origins: [...origins].map(([origin, count]) => ({ name: `AS${origin}`, count })),
        peers: [],
      },
    };
  },
};
