import { MINUTES_PER_DAY } from '../../src/features/row.js';
import { Random } from '../../src/random/random.js';
import { batchesOf } from '../realFeed/recording.js';
import { kindsOf } from './draws.js';
import type { EventKind } from './event.js';
import type { Slot } from './pass.js';

const MINUTE_MS = 60_000;
/** One begins every so many minutes of a pass, so that a few are on at a time. */
const APART_MINUTES = 9;
const SHORTEST_MINUTES = 12;
const LONGEST_MINUTES = 35;
/** Left at the end, so that the last events can be told. */
const LAST_MINUTES = 25;
const SEED_PART = 0x5c;

/** A recording's time, ms: it begins, the models are trained on it and the tables learnt until `learntMs`, it ends. */
export interface Span {
  fromMs: number;
  learntMs: number;
  untilMs: number;
}

export async function spanOf(files: readonly string[]): Promise<Span> {
  let fromMs = Number.POSITIVE_INFINITY;
  for await (const { columns } of batchesOf(files.slice(0, 1))) {
    fromMs = columns.time[0] ?? fromMs;
    break;
  }
  let untilMs = Number.NEGATIVE_INFINITY;
  for await (const { columns } of batchesOf(files.slice(-1))) untilMs = columns.time.at(-1) ?? untilMs;
  const day = MINUTES_PER_DAY * MINUTE_MS;
  const learnt = untilMs - fromMs >= 2 * day - 60 * MINUTE_MS ? day : (untilMs - fromMs) / 2;
  return { fromMs, learntMs: fromMs + learnt, untilMs };
}

/**
 * So many faults and as many look-alikes, or so many events of one kind, shuffled over as many passes as give each event
 * its place.
 */
export function slotsOf({ learntMs, untilMs }: Span, events: number, seed: number, only?: EventKind): Slot[][] {
  const random = new Random(seed, SEED_PART);
  const kinds = kindsOf(events, only);
  const shuffled = random.sample(kinds, kinds.length);
  const places = Math.max(1, Math.floor(((untilMs - learntMs) / MINUTE_MS - LAST_MINUTES) / APART_MINUTES));
  const passes = Array.from({ length: Math.ceil(shuffled.length / places) }, (): Slot[] => []);
  for (const [index, kind] of shuffled.entries()) {
    const pass = passes[index % passes.length]!;
    const minute = (pass.length + random.next()) * APART_MINUTES;
    const minutes = SHORTEST_MINUTES + random.next() * (LONGEST_MINUTES - SHORTEST_MINUTES);
    const startMs = Math.round(learntMs + minute * MINUTE_MS);
    pass.push({ kind, startMs, endMs: Math.round(startMs + minutes * MINUTE_MS) });
  }
  return passes;
}
