import type { Minute, Ranked } from '../features/row.js';
import type { MinuteInput } from './minuteInput.js';
import { ROW } from './rowColumns.js';

/** Hours whose level is kept: no incident lasts longer by default. */
const HOURS = 24;
const HOUR = 60;
const PEERS = 100;

/** A peer that was not heard before the incident. */
export interface Newcomer extends Ranked {
  /** The first minute in which it was heard; `minutes` in which it was since. */
  since: Minute;
  minutes: number;
}

/** How the traffic of an incident runs, and who feeds it: what sets a lasting change apart from an event. Bounded. */
export interface LevelTrace {
  /** Median of announced and withdrawn prefixes a minute in each whole hour, the newest 24. */
  hours: number[];
  /** The same of single minutes, of the hour that is not whole yet. */
  minutes: number[];
  /** Messages of the peers that were heard in the minutes before. */
  peersBefore: Ranked[];
  newcomers: Newcomer[];
  /** Last minute in which each peer of before was heard; 0 when it was not yet. */
  lastHeard: { name: string; minute: Minute }[];
  /** Messages of all peers since the incident began, and minutes observed. */
  messages: number;
  observed: number;
}

/** The level of an incident that was closed for its length, while models still flag it. */
export interface AcceptedLevel {
  /** Announced and withdrawn prefixes a minute. */
  updates: number;
  /** The last minute that was flagged at that level. */
  lastMinute: Minute;
}

/**
 * Models may flag a change half an hour late: a peer was there before only if the older half of the minutes names it.
 * @param before the minutes before the incident, without those that it looks back at
 */
export function noTrace(before: readonly MinuteInput[]): LevelTrace {
  const counts = new Map<string, number>();
  for (const { gap, evidence } of before.slice(0, Math.ceil(before.length / 2))) {
    if (gap) continue;
    for (const { name, count } of evidence?.peers ?? []) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const peersBefore = [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, PEERS);
  const lastHeard = peersBefore.map(({ name }) => ({ name, minute: 0 }));
  return {
    hours: [],
    minutes: [],
    peersBefore,
    newcomers: [],
    lastHeard,
    messages: 0,
    observed: 0,
  };
}

/** Adds a minute; gaps say nothing. */
export function traced(trace: LevelTrace, { minute, gap, values, evidence }: MinuteInput): LevelTrace {
  if (gap) return trace;
  const minutes = [...trace.minutes, (values[ROW.announced] ?? 0) + (values[ROW.withdrawn] ?? 0)];
  const isWhole = minutes.length >= HOUR;
  const heard = new Map((evidence?.peers ?? []).map(({ name, count }) => [name, count]));
  const before = new Set(trace.peersBefore.map(({ name }) => name));
  const met = new Map(trace.newcomers.map((peer) => [peer.name, peer]));
  for (const [name, count] of heard) {
    const known = met.get(name);
    if (known !== undefined) met.set(name, { ...known, count: known.count + count, minutes: known.minutes + 1 });
    else if (!before.has(name) && met.size < PEERS) met.set(name, { name, count, since: minute, minutes: 1 });
  }
  let messages = trace.messages;
  for (const count of heard.values()) messages += count;
  return {
    ...trace,
    hours: isWhole ? [...trace.hours, median(minutes)].slice(-HOURS) : trace.hours,
    minutes: isWhole ? [] : minutes,
    newcomers: [...met.values()],
    lastHeard: trace.lastHeard.map((peer) => (heard.has(peer.name) ? { ...peer, minute } : peer)),
    messages,
    observed: trace.observed + 1,
  };
}

/** Median updates a minute of the last hours, or of the minutes that there are; NaN without any. */
export function levelOf({ hours, minutes }: LevelTrace): number {
  return hours.length > 0 ? median(hours) : median(minutes);
}

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
