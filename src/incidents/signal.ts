import { distinctPeers } from './baseline.js';
import type { ValidityOf } from './evidence.js';
import type { MinuteInput, WatchedRoute } from './incident.js';
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

  const needed = Math.max(minimumPeers, peerShare * distinctPeers([...recent, input]));
  const foreign =
    evidence.newOrigins.some(
      ({ prefix, origin, previousOrigins, peers, path }) =>
        peers >= needed &&
        previousOrigins.length > 0 &&
        !path.slice(0, -1).some((hop) => previousOrigins.includes(hop)) &&
        validityOf(prefix, origin) !== 'valid',
    ) ||
    evidence.moreSpecifics.some(
      ({ prefix, origin, coveringOrigins, peers }) =>
        peers >= needed && !coveringOrigins.includes(origin) && validityOf(prefix, origin) !== 'valid',
    );
  return { strong: foreign || losesNetwork(input, recent, peerShare, outagePrefixes), watched };
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
