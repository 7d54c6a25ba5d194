import { baselineOf, distinctPeers } from './baseline.js';
import { carriagesOf, isLeak } from './carriages.js';
import { FEWEST_PEERS, foreignRoutes, grabbers, isHostile, isMajor } from './classes/foreignRoutes.js';
import { type IncidentEvidence, noEvidence, SPREADING, type ValidityOf, withMinute } from './evidence.js';
import type { WatchedRoute } from './incident.js';
import { losesNetworks } from './loss.js';
import type { MinuteInput } from './minuteInput.js';
import type { IncidentSettings } from './settings.js';
import { repeatsTable } from './tableRepeated.js';
import type { WatchList } from './watchList.js';

/** What a minute's routes say by themselves, whatever the models think of its volume. */
export interface Signal {
  /** Routes strong enough to open an incident. */
  strong: boolean;
  /** A session that was reset, which opens one too, as far as the day's allowance is not needed for routes. */
  reset: boolean;
  /** Claims that are more likely a fault than not, and not likely enough to call somebody: listed, as many as a day has room for. */
  doubtful: boolean;
  watched: WatchedRoute[];
}

export const SILENT: Signal = { strong: false, reset: false, doubtful: false, watched: [] };

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
  const { enabled, warmUpMinutes, peerShare, minimumPeers } = settings.evidence;
  if (evidence === null || input.gap || !isWarm(input, recent, warmUpMinutes)) return SILENT;
  const watched = watchList.touches(evidence);
  if (!enabled) return { ...SILENT, watched };
  const reset = repeatsTable(input, recent);
  const lost = losesNetworks(input, recent, settings.evidence);
  const leaks = carriagesOf(input, recent).some(isLeak);
  const { tails = [] } = evidence;
  if (evidence.newOrigins.length + evidence.moreSpecifics.length + tails.length === 0) {
    return { strong: lost || leaks, reset, doubtful: false, watched };
  }

  // A route reaches the peers within a few minutes, each of which counts the peers that saw it then.
  const spreading = [...recent.filter(({ minute }) => minute > input.minute - SPREADING), input];
  const seen = evidenceOf(spreading, distinctPeers([...recent, input]), validityOf);
  const foreign = foreignRoutes(seen).filter(isHostile);
  const several = grabbers(foreign, settings.evidence.holders);
  const fresh = new Set([...evidence.newOrigins, ...evidence.moreSpecifics, ...tails].map(({ prefix }) => prefix));
  const peersOf = (share: number) => share * Math.max(1, seen.peersSeen) + 1e-9;
  // rows without facts say nothing of who knows whom: there most peers must agree
  const fewest = evidence.known === undefined ? peerShare : FEWEST_PEERS;
  const news = foreign.filter(({ prefix, share }) => fresh.has(prefix) && peersOf(share) >= minimumPeers);
  const wide = news.filter(({ share }) => share >= fewest);
  const strong =
    wide.some((route) => isMajor(route, seen, settings.evidence)) || news.some(({ origin }) => several.has(origin));
  const doubtful = evidence.known !== undefined && wide.some(({ settled }) => settled);
  return { strong: strong || lost || leaks, reset, doubtful, watched };
}

function evidenceOf(minutes: readonly MinuteInput[], peers: number, validityOf: ValidityOf): IncidentEvidence {
  const none = noEvidence(minutes[0]!.minute, baselineOf([]));
  return minutes.reduce((kept, minute) => withMinute(kept, minute, validityOf), { ...none, peersSeen: peers });
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

export function speaks({ strong, reset, doubtful, watched }: Signal): boolean {
  return strong || reset || doubtful || watched.length > 0;
}
