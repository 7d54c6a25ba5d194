import { baselineOf, distinctPeers } from './baseline.js';
import { foreignRoutes, grabbers, isHostile } from './classes/foreignRoutes.js';
import { type IncidentEvidence, noEvidence, SPREADING, type ValidityOf, withMinute } from './evidence.js';
import type { WatchedRoute } from './incident.js';
import type { MinuteInput } from './minuteInput.js';
import type { IncidentSettings } from './settings.js';
import type { WatchList } from './watchList.js';

/** What a minute's routes say by themselves, whatever the models think of its volume. */
export interface Signal {
  /** Routes strong enough to open an incident. */
  strong: boolean;
  watched: WatchedRoute[];
}

export const SILENT: Signal = { strong: false, watched: [] };

/**
 * A hijack of one prefix hardly moves the counts of a minute, so routes that most peers agree on open an incident by
 * themselves. A table that was just learnt makes everything look new, hence the warm-up.
 */
export function signalOf(
  input: MinuteInput,
  recent: readonly MinuteInput[],
  settings: IncidentSettings,
  watchList: WatchList,
  validityOf: ValidityOf,
): Signal {
  const { evidence } = input;
  const { enabled, warmUpMinutes, peerShare, minimumPeers, outagePrefixes } = settings.evidence;
  if (evidence === null || input.gap || !isWarm(input, recent, warmUpMinutes)) return SILENT;
  const watched = watchList.touches(evidence);
  const quiet =
    !enabled ||
    (evidence.newOrigins.length === 0 && evidence.moreSpecifics.length === 0 && evidence.withdrawn.length === 0);
  if (quiet) return { strong: false, watched };

  // A route reaches the peers within a few minutes, each of which counts the peers that saw it then.
  const spreading = [...recent.filter(({ minute }) => minute > input.minute - SPREADING), input];
  const seen = evidenceOf(spreading, distinctPeers([...recent, input]), validityOf);
  const foreign = foreignRoutes(seen).filter(isHostile);
  const several = grabbers(foreign, settings.evidence.holders);
  const fresh = new Set([...evidence.newOrigins, ...evidence.moreSpecifics].map(({ prefix }) => prefix));
  const peersOf = (share: number) => share * Math.max(1, seen.peersSeen) + 1e-9;
  const strong = foreign.some(
    ({ prefix, origin, share }) =>
      fresh.has(prefix) && peersOf(share) >= minimumPeers && (share >= peerShare || several.has(origin)),
  );
  return { strong: strong || losesNetwork(input, recent, peerShare, outagePrefixes), watched };
}

function evidenceOf(minutes: readonly MinuteInput[], peers: number, validityOf: ValidityOf): IncidentEvidence {
  const none = noEvidence(minutes[0]!.minute, baselineOf([]));
  return minutes.reduce((kept, minute) => withMinute(kept, minute, validityOf), { ...none, peersSeen: peers });
}

/** Several prefixes of one origin gone from most peers in one minute, and not because those peers' sessions went down. */
function losesNetwork(input: MinuteInput, recent: readonly MinuteInput[], share: number, prefixes: number): boolean {
  const down = new Set<string>();
  for (const { evidence } of [...recent.slice(-2), input]) {
    for (const { peer, state } of evidence?.resets ?? []) if (state === 'down') down.add(peer);
  }
  const lost = new Map<number, number>();
  for (const { origin, peers, peersBefore } of input.evidence?.withdrawn ?? []) {
    if (peersBefore >= 2 && peers >= peersBefore * share && peers > down.size) {
      lost.set(origin, (lost.get(origin) ?? 0) + 1);
    }
  }
  return [...lost.values()].some((count) => count >= prefixes);
}

function isWarm(input: MinuteInput, recent: readonly MinuteInput[], minutes: number): boolean {
  if (minutes === 0) return true;
  const tail = recent.slice(-minutes);
  return (
    tail.length === minutes &&
    tail[0]!.minute === input.minute - minutes &&
    tail.every(({ gap, values }) => !gap && values.length > 0)
  );
}
