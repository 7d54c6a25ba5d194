import type { Minute } from '../features/row.js';
import { hash, hashFraction } from '../random/hash.js';
import type { Random } from '../random/random.js';
import type { RouteTable } from './routeTable.js';
import type { ScriptedDrift } from './script.js';
import type { WorldState } from './worldState.js';

/** Shares of the kinds of ordinary event. */
const SHARES = { change: 0.28, duplicate: 0.27, flap: 0.17, prepending: 0.08, community: 0.19, link: 0.01 };

/** Messages that one event makes on average with these shares; measured over simulated weeks. */
const MESSAGES_PER_EVENT = 1.66;

const DAY = 1440;

/**
 * Level of ordinary traffic around 1: a daily rhythm (quietest at 04:00 UTC), quieter weekends, and a slow wander over
 * hours that no clock explains.
 */
export function rhythm(seed: number, minute: Minute): number {
  const day = Math.cos((2 * Math.PI * ((minute % DAY) - 960)) / DAY);
  const weekday = (Math.floor(minute / DAY) + 4) % 7;
  const weekend = weekday === 0 || weekday === 6 ? 0.9 : 1;
  const hours = minute / 180;
  const from = Math.floor(hours);
  const t = hours - from;
  const smooth = t * t * (3 - 2 * t);
  const wander = hashFraction(seed, 0x90, from) * (1 - smooth) + hashFraction(seed, 0x90, from + 1) * smooth;
  return (1 + 0.3 * day) * weekend * (0.85 + 0.3 * wander);
}

/** What a drift has come to in a minute: factors and shares as in the script. */
export interface TrafficShape {
  level: number;
  duplicates: number;
  prepending: number;
}

export const UNCHANGED: TrafficShape = { level: 1, duplicates: 1, prepending: 0 };

export function shapeAt(drift: readonly ScriptedDrift[], minute: Minute): TrafficShape {
  let shape = UNCHANGED;
  for (const step of drift) {
    if (minute < step.fromMinute) break;
    const ramp = step.rampMinutes ?? 0;
    const done = ramp === 0 ? 1 : Math.min(1, (minute - step.fromMinute + 1) / ramp);
    const blend = (before: number, after: number) => before + (after - before) * done;
    shape = {
      level: blend(shape.level, step.level),
      duplicates: blend(shape.duplicates, step.duplicates ?? 1),
      prepending: blend(shape.prepending, step.prepending ?? 0),
    };
  }
  return shape;
}

/** Times a prefix is prepended more once drift has reached its origin. */
export function driftPrepending(seed: number, prefix: number, shape: TrafficShape): number {
  if (shape.prepending === 0 || hashFraction(seed, 0x91, prefix) >= shape.prepending) return 0;
  return 1 + (hash(seed, 0x92, prefix) % 3);
}

/** A few prefixes cause most of the updates, as in the real table. */
function restlessPrefix(table: RouteTable, family: 4 | 6, random: Random): number {
  const list = table.byFamily[family];
  return list[Math.floor(list.length * random.next() ** 2.2)]!;
}

function siblings(table: RouteTable, prefix: number): number[] {
  const { origin, family } = table.prefixes[prefix]!;
  return table.prefixesOf[origin]!.filter((other) => table.prefixes[other]!.family === family);
}

/**
 * Plans the ordinary events of one minute: path changes and their return, duplicates, flaps, prepending, changed
 * communities, links that fail. Consequences may fall into later minutes.
 * @param sessions those that speak, as often as each is listed
 */
export function planOrdinaryMinute(
  table: RouteTable,
  state: WorldState,
  minute: Minute,
  wantedMessages: number,
  shape: TrafficShape,
  random: Random,
  seed: number,
  sessions: readonly number[] = [...table.sessions.keys()],
): void {
  const burst = Math.exp(0.22 * random.normal() - 0.0242);
  const level = wantedMessages * rhythm(seed, minute) * shape.level * burst;
  const events = random.poisson(level / MESSAGES_PER_EVENT);
  const duplicates = SHARES.duplicate * shape.duplicates;
  const total = 1 - SHARES.duplicate + duplicates;
  for (let i = 0; i < events; i++) {
    const session = sessions[random.integer(sessions.length)]!;
    const { family } = table.sessions[session]!;
    const prefix = restlessPrefix(table, family, random);
    const at = minute * 6000 + random.integer(6000);
    let draw = random.next() * total;
    if ((draw -= duplicates) < 0) planDuplicate(state, session, prefix, at, random);
    else if ((draw -= SHARES.change) < 0) planChange(table, state, session, prefix, at, random);
    else if ((draw -= SHARES.flap) < 0) planFlap(table, state, session, [prefix], at, random);
    else if ((draw -= SHARES.prepending) < 0) planPrepending(state, session, prefix, at, random);
    else if ((draw -= SHARES.community) < 0) {
      state.plan({ centisecond: at, session, action: 'community', value: random.integer(1 << 20), prefixes: [prefix] });
    } else planLinkFailure(table, state, prefix, minute, random);
  }
}

function planDuplicate(state: WorldState, session: number, prefix: number, at: number, random: Random): void {
  const copies = random.next() < 0.25 ? 2 : 1;
  for (let i = 0; i < copies; i++) {
    state.plan({ centisecond: at + i * 40, session, action: 'repeat', value: 0, prefixes: [prefix] });
  }
}

function planChange(
  table: RouteTable,
  state: WorldState,
  session: number,
  prefix: number,
  at: number,
  random: Random,
): void {
  const alternates = table.alternates(session, table.prefixes[prefix]!.origin);
  const prefixes = random.next() < 0.5 ? [prefix] : siblings(table, prefix);
  if (alternates.length > 0) {
    state.plan({ centisecond: at, session, action: 'announce', value: random.pick(alternates), prefixes });
  }
  const back = at + Math.round(random.exponential(4 * 6000)) + 100;
  state.plan({ centisecond: back, session, action: 'settle', value: 0, prefixes });
}

/** A withdrawal (sometimes sent twice), then the route again, now and then over a worse path first. */
export function planFlap(
  table: RouteTable,
  state: WorldState,
  session: number,
  prefixes: readonly number[],
  at: number,
  random: Random,
): void {
  state.plan({ centisecond: at, session, action: 'withdraw', value: 0, prefixes });
  if (random.next() < 0.12) state.plan({ centisecond: at + 110, session, action: 'withdraw', value: 0, prefixes });
  const back = at + 300 + Math.round(random.exponential(1.5 * 6000));
  const alternates = table.alternates(session, table.prefixes[prefixes[0]!]!.origin);
  if (alternates.length > 0 && random.next() < 0.35) {
    state.plan({ centisecond: back - 200, session, action: 'announce', value: random.pick(alternates), prefixes });
  }
  state.plan({ centisecond: back, session, action: 'settle', value: 0, prefixes });
}

function planPrepending(state: WorldState, session: number, prefix: number, at: number, random: Random): void {
  state.plan({ centisecond: at, session, action: 'prepend', value: 1 + random.integer(4), prefixes: [prefix] });
  const back = at + 600 + Math.round(random.exponential(10 * 6000));
  state.plan({ centisecond: back, session, action: 'settle', value: 0, prefixes: [prefix] });
}

/** The origin's first link fails for some minutes: every peer explores paths, and again when it returns. */
function planLinkFailure(table: RouteTable, state: WorldState, prefix: number, minute: Minute, random: Random): void {
  const { origin } = table.prefixes[prefix]!;
  if (state.linkDown[origin] === 1) return;
  state.linkDown[origin] = 1;
  const from = minute * 6000 + random.integer(4000);
  for (const session of table.sessions.keys()) planSettling(table, state, session, origin, from, random, 0.5);
  state.planChange(minute + 1 + Math.ceil(random.exponential(5)), { kind: 'link up', origin });
}

/**
 * Plans the way of one session's routes of one origin to where they now belong, over worse paths (path exploration:
 * C. Labovitz et al., "Delayed Internet routing convergence", SIGCOMM 2000).
 *
 * @param exploring probability of each further step
 */
export function planSettling(
  table: RouteTable,
  state: WorldState,
  session: number,
  origin: number,
  from: number,
  random: Random,
  exploring: number,
): void {
  const { family } = table.sessions[session]!;
  const prefixes = table.prefixesOf[origin]!.filter((prefix) => table.prefixes[prefix]!.family === family);
  if (prefixes.length > 0) planExploration(table, state, session, prefixes, from, random, exploring);
}

export function planExploration(
  table: RouteTable,
  state: WorldState,
  session: number,
  prefixes: readonly number[],
  from: number,
  random: Random,
  exploring: number,
): void {
  let at = from + random.integer(600);
  for (const path of table.alternates(session, table.prefixes[prefixes[0]!]!.origin)) {
    if (random.next() >= exploring) break;
    state.plan({ centisecond: at, session, action: 'announce', value: path, prefixes });
    at += 50 + random.integer(900);
  }
  state.plan({ centisecond: at, session, action: 'settle', value: 0, prefixes });
}
