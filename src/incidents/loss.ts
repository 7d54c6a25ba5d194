import type { MinuteEvidence } from '../features/row.js';
import { baselineOf, distinctPeers } from './baseline.js';
import type { MinuteInput } from './minuteInput.js';
import { areMany, FEWEST_LOST, outagesOf } from './networkOutages.js';
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
  // As the class judges it: twice what is ordinary, and some by chance, is not an outage.
  const ordinary = baselineOf(recent).lost;
  return all - 2 * ordinary - 2 * Math.sqrt(ordinary) >= outagePrefixes / 2;
}

/** One network is gone, or several together that no common transit explains. */
function losesKnown({ losses = [], known = 0 }: MinuteEvidence, minute: number, peersSeen: number): boolean {
  const outages = outagesOf(losses, minute, peersSeen);
  if (outages.some(({ prefixes }) => prefixes >= FEWEST_LOST)) return true;
  return areMany(outages, known);
}
