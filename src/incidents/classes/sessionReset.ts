import { plural } from '../../words/plural.js';
import { bySize } from '../severity.js';
import { type ClassRule, clamped, NOTHING, percent, surgeOf } from './classRule.js';

/** A peer's session to the collector went down or came up, and its table is withdrawn or announced anew. */
export const sessionReset: ClassRule = {
  name: 'session reset',
  judge({ evidence, settings }) {
    const heard = evidence.busyMinutes > 0 ? evidence.busy.peers : evidence.peers;
    const messages = heard.reduce((sum, { count }) => sum + count, 0);
    const surge = surgeOf(evidence);
    const [busiest] = heard;
    if (evidence.resets.length === 0) {
      // Some archives carry no state changes: a table from one peer alone, mostly of routes already known, is the trace.
      const share = busiest === undefined ? 0 : busiest.count / Math.max(1, messages);
      const again = evidence.reannouncing.find(({ peer }) => peer === busiest?.name);
      if (busiest === undefined || evidence.peersSeen < 3 || share < 0.6 || (surge < 3 && again === undefined)) {
        return NOTHING;
      }
      const reasons = [`${percent(share)} of the messages are from the peer ${busiest.name} alone`];
      if (again !== undefined) reasons.push(`it announced ${again.routes} of its ${again.of} routes anew`);
      return {
        score: clamped(0.35 + 0.3 * share + (again === undefined ? 0 : 0.2)),
        severity: 'minor',
        reasons,
        culprits: { prefixes: [], origins: [], peers: [busiest] },
      };
    }
    const names = new Set(evidence.resets.map(({ peer }) => peer));
    const own = heard.filter(({ name }) => names.has(name));
    const share = own.reduce((sum, { count }) => sum + count, 0) / Math.max(1, messages);
    // A peer with a small table is soon drowned by the others: what counts is whether its table explains the surplus.
    const { totals, baseline, observedMinutes } = evidence;
    const surplus = Math.max(1, totals.announced + totals.withdrawn - baseline.updates * observedMinutes);
    const tables = evidence.resets.reduce((sum, { routes, ups }) => sum + (ups > 0 ? routes : 0), 0);
    const explained = Math.max(share * 1.25, tables / surplus);
    // The loudest peer is one that was reset: it is sending its table.
    const loudest = busiest !== undefined && names.has(busiest.name);
    const downs = evidence.resets.reduce((sum, reset) => sum + reset.downs, 0);
    const ups = evidence.resets.reduce((sum, reset) => sum + reset.ups, 0);
    const sized = bySize(names.size, settings.size.resetPeers);
    return {
      score: clamped(0.45 + 0.4 * Math.min(1, explained) + (loudest ? 0.15 : 0)),
      severity: sized,
      reasons: [
        `${plural(names.size, 'peer session')} went down ${times(downs)} and came up ${times(ups)}: ${[...names].slice(0, 3).join(', ')}`,
        `${percent(share)} of the messages are from ${names.size === 1 ? 'that peer' : 'those peers'}`,
      ],
      culprits: {
        prefixes: [],
        origins: [],
        peers: evidence.resets.map(({ peer, downs: down, ups: up }) => ({ name: peer, count: down + up })),
      },
    };
  },
};

function times(count: number): string {
  return count === 1 ? 'once' : `${count.toLocaleString('en')} times`;
}
