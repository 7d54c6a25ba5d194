import type { MinuteEvidence, NetworkLoss } from '../features/row.js';
import { baselineOf, distinctPeers } from './baseline.js';
import type { MinuteInput } from './minuteInput.js';
import type { IncidentSettings } from './settings.js';

/**
 * Whether prefixes are gone from most of their peers in one minute, and not because those peers' sessions went down:
 * many of one origin, or half as many of several networks, which do not fail together by chance.
 */
export function losesNetworks(
  input: MinuteInput,
  recent: readonly MinuteInput[],
  { peerShare, outagePrefixes, outageNetworks }: IncidentSettings['evidence'],
): boolean {
  const { evidence } = input;
  if (evidence?.known !== undefined) return losesKnown(evidence, input.minute, distinctPeers([...recent, input]));
  const down = new Set<string>();
  for (const { evidence } of [...recent.slice(-2), input]) {
    for (const { peer, state } of evidence?.resets ?? []) if (state === 'down') down.add(peer);
  }
  const lost = new Map<number, number>();
  let all = 0;
  for (const { origin, peers, peersBefore } of input.evidence?.withdrawn ?? []) {
    if (peersBefore < 2 || peers < peersBefore * peerShare || peers <= down.size) continue;
    lost.set(origin, (lost.get(origin) ?? 0) + 1);
    all += 1;
  }
  if ([...lost.values()].some((count) => count >= outagePrefixes)) return true;
  if (lost.size < outageNetworks || all < outagePrefixes / 2) return false;
  // As the class judges it: twice what is ordinary, and some by chance, is no outage.
  const ordinary = baselineOf(recent).lost;
  return all - 2 * ordinary - 2 * Math.sqrt(ordinary) >= outagePrefixes / 2;
}

/** Minutes that a loss must last: routes that flap or change their path are back sooner. */
const LASTING = 4;
/** Prefixes lost from which an outage opens an incident, in a table of the whole Internet; less in a small one. */
const LOST_PREFIXES = 100;
const LOST_SHARE = 0.02;
const FEWEST_LOST = 10;
const NETWORKS_TOGETHER = 10;

/** Losses that last and took nearly all that a network had, from a good part of the peers. */
export function wholeLosses(losses: readonly NetworkLoss[], peersSeen: number): NetworkLoss[] {
  return losses.filter(
    ({ prefixes, left, peers }) => left <= prefixes * 0.25 && peers >= 2 && peers >= peersSeen * 0.3,
  );
}

/** One network lost much of a table, or several together somewhat less each. */
function losesKnown({ losses = [], known = 0 }: MinuteEvidence, minute: number, peersSeen: number): boolean {
  const lasting = wholeLosses(losses, peersSeen).filter(
    ({ since }) => minute - since >= LASTING && minute - since <= 15,
  );
  const enough = Math.min(LOST_PREFIXES, Math.max(FEWEST_LOST, known * LOST_SHARE));
  if (lasting.some(({ prefixes }) => prefixes >= enough)) return true;
  const together = Math.min(NETWORKS_TOGETHER, Math.max(3, known * 0.01));
  const all = lasting.reduce((sum, { prefixes }) => sum + prefixes, 0);
  return lasting.length >= together && all >= enough;
}
