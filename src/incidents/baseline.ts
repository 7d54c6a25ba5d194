import type { MinuteInput } from './minuteInput.js';
import { ROW } from './rowColumns.js';

/** The ordinary minute that an incident is compared with: medians over regular minutes before it. */
export interface Baseline {
  /** Regular minutes it rests on; 0 when there were none, then every value is 0. */
  minutes: number;
  announcements: number;
  withdrawals: number;
  /** Announced and withdrawn prefixes a minute. */
  updates: number;
  withdrawn: number;
  /** Average AS path length, and edit distance of replaced paths. */
  pathLength: number;
  editDistance: number;
  /** Prefixes that most of their peers withdrew, on average in a minute: links go down somewhere all the time. */
  lost: number;
  /** Distinct peers that were heard. */
  peers: number;
}

function median(values: number[]): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Takes the regular minutes among those given; anomalous ones and gaps say nothing of the ordinary. */
export function baselineOf(minutes: readonly MinuteInput[]): Baseline {
  const regular = minutes.filter((input) => !input.gap && !input.anomalous);
  const column = (index: number, source = regular) => median(source.map((input) => input.values[index] ?? 0));
  const spoken = regular.filter((input) => (input.values[ROW.announcements] ?? 0) > 0);
  return {
    minutes: regular.length,
    announcements: column(ROW.announcements),
    withdrawals: column(ROW.withdrawals),
    updates: median(regular.map(({ values }) => (values[ROW.announced] ?? 0) + (values[ROW.withdrawn] ?? 0))),
    withdrawn: column(ROW.withdrawn),
    pathLength: column(ROW.pathLength, spoken),
    editDistance: column(ROW.editDistance, spoken),
    lost: regular.reduce((sum, { evidence }) => sum + lostPrefixes(evidence), 0) / Math.max(1, regular.length),
    peers: distinctPeers(minutes),
  };
}

function lostPrefixes(evidence: MinuteInput['evidence']): number {
  return (
    evidence?.withdrawn.filter(({ peers, peersBefore }) => peersBefore >= 2 && peers * 2 >= peersBefore).length ?? 0
  );
}

/** Peers named in any of these minutes. */
export function distinctPeers(minutes: readonly MinuteInput[]): number {
  const names = new Set<string>();
  for (const { evidence } of minutes) for (const { name } of evidence?.peers ?? []) names.add(name);
  return names.size;
}
