import type { Minute, MinuteEvidence } from '../features/row.js';
import { distinctPeers } from './baseline.js';
import { type IncidentEvidence, SPREADING } from './evidence.js';
import type { Lane } from './minuteLanes.js';
import { fallTogether, outagesOf } from './networkOutages.js';
import { GENERAL, isNeighbourhood } from './subject.js';

/**
 * The minute in which what opens an incident began, which may be some before the one that made it certain: a loss is
 * believed when it lasts, a claim when it spreads.
 *
 * @param evidence of the lane, the opening minute included; it looks back no further than the incident may begin
 * @returns `evidence.since` at the earliest, the opening minute at the latest
 */
export function firstMinuteOf(lane: Lane, evidence: IncidentEvidence): Minute {
  const { input } = lane;
  if (isNeighbourhood(lane.subject)) return Math.max(evidence.since, input.minute - SPREADING);
  const began = lane.subject === GENERAL ? lossesBegan(lane) : networkBegan(lane, evidence);
  return Math.max(evidence.since, Math.min(input.minute, ...began));
}

/** Of many networks that fall together. What models flag begins where they flag it. */
function lossesBegan({ input, recent }: Lane): Minute[] {
  const { evidence, anomalous, minute } = input;
  if (anomalous || evidence?.losses === undefined) return [];
  const outages = outagesOf(evidence.losses, minute, distinctPeers([...recent, input]));
  const together = fallTogether(outages, evidence.known ?? 0);
  return (together.length > 0 ? together : outages).map(({ since }) => since);
}

/** What the network does now, and when it was first seen to do it. */
function networkBegan({ input, recent }: Lane, seen: IncidentEvidence): Minute[] {
  const near = [...recent.filter(({ minute }) => minute > input.minute - SPREADING), input];
  const now = new Set(near.flatMap(({ evidence }) => (evidence === null ? [] : doneIn(evidence))));
  const { newOrigins, moreSpecifics, tails = [], transits = [] } = seen;
  return [
    ...[...newOrigins, ...moreSpecifics, ...tails].filter((route) => now.has(claimKey(route))),
    ...transits.filter((transit) => now.has(transitKey(transit))),
  ]
    .map(({ minute }) => minute)
    .concat((input.evidence?.losses ?? []).map(({ since }) => since));
}

const claimKey = ({ prefix, origin }: { prefix: string; origin: number }) => `${prefix} ${origin}`;
const transitKey = ({ carrier, from }: { carrier: number; from: number }) => `${carrier} ${from}`;

function doneIn({ newOrigins, moreSpecifics, tails = [], transits = [] }: MinuteEvidence): string[] {
  return [...[...newOrigins, ...moreSpecifics, ...tails].map(claimKey), ...transits.map(transitKey)];
}
