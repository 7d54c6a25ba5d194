import { bySize } from '../severity.js';
import { burstiness, type ClassRule, clamped, NOTHING, percent, surgeOf } from './classRule.js';

/** Busy minutes below which it is a burst and no storm. */
const SHORTEST = 8;

/**
 * Wide and lasting churn, such as a worm makes it: many times the ordinary updates, over many prefixes, origins and
 * peers, for long.
 */
export const instability: ClassRule = {
  name: 'instability',
  judge({ evidence, duration, settings }) {
    const surge = surgeOf(evidence);
    const { busy, busyMinutes } = evidence;
    const messages = busy.origins.reduce((sum, { count }) => sum + count, 0);
    if (surge < 1.5 || messages === 0) return NOTHING;
    const topOrigin = busy.origins[0]!;
    const topPeer = busy.peers[0];
    const peerMessages = busy.peers.reduce((sum, { count }) => sum + count, 0);
    const originShare = topOrigin.count / messages;
    const share = topPeer === undefined ? 1 : topPeer.count / Math.max(1, peerMessages);
    const wideOrigins = originShare <= 0.3;
    const widePeers = busy.peers.length >= 2 && share <= 0.6;
    const flapping = evidence.withdrawn.filter(({ returns }) => returns > 0);
    // A storm goes on; a burst that dies away is what an outage, a leak or a reset leaves.
    const even = Math.max(0.6, Math.min(1, 3 / burstiness(evidence)));
    // Routes open an incident at once, so it may be a minute old while its evidence is an hour old.
    const span = Math.max(duration, evidence.observedMinutes - settings.lookBackMinutes);
    const lasting = even * Math.min(1, busyMinutes / Math.max(SHORTEST, 0.6 * span));
    const score = clamped(
      (0.1 +
        0.2 * Math.min(1, (surge - 1) / 3) +
        0.2 * Math.min(1, busyMinutes / 15) +
        (wideOrigins ? 0.15 : 0) +
        (widePeers ? 0.1 : 0) +
        0.1 * Math.min(1, flapping.length / 5)) *
        lasting,
    );
    const reasons = [
      `${surge.toFixed(1)} times the ordinary updates (${Math.round(evidence.peaks.updates).toLocaleString('en')} in the busiest minute, ${Math.round(evidence.baseline.updates).toLocaleString('en')} ordinarily), ${busyMinutes} busy minutes of ${evidence.observedMinutes}`,
    ];
    if (wideOrigins)
      reasons.push(`spread over ${busy.origins.length} or more origins, none over ${percent(originShare)}`);
    else reasons.push(`${percent(originShare)} of it from ${topOrigin.name}`);
    if (flapping.length > 0) reasons.push(`${flapping.length} prefixes come and go`);
    const sized = bySize(surge, settings.size.surge);
    return {
      score,
      // A storm of a few minutes is over before anyone can act, however high it was.
      severity: duration < 5 ? 'minor' : sized === 'critical' && duration < 30 ? 'major' : sized,
      reasons,
      culprits: busy,
    };
  },
};
