import type { Minute } from '../features/row.js';
import type { Random } from '../random/random.js';
import type { ForcedRoute, PlannedIncident } from './incident.js';
import { planExploration, planFlap } from './ordinaryTraffic.js';
import { NO_PATH, type RouteTable } from './routeTable.js';
import { NO_OVERRIDE, type WorldState } from './worldState.js';

/** Flaps a minute when every prefix is struck by an instability. */
const FLAPS = 90;

/** Forced routes of one session and path, which a peer sends in the same messages. */
function groups(forced: readonly ForcedRoute[]): ForcedRoute[][] {
  const found = new Map<string, ForcedRoute[]>();
  for (const route of forced) {
    const key = `${route.session} ${route.path}`;
    const group = found.get(key);
    if (group === undefined) found.set(key, [route]);
    else group.push(route);
  }
  return [...found.values()];
}

/** Plans what an incident does in a minute: its start, its course, or (in the minute after its last) its end. */
export function planIncidentMinute(
  table: RouteTable,
  state: WorldState,
  plan: PlannedIncident,
  others: readonly PlannedIncident[],
  minute: Minute,
  random: Random,
): void {
  const { startMinute, durationMinutes } = plan.script;
  const elapsed = minute - startMinute;
  if (elapsed === 0) start(table, state, plan, minute, random);
  else if (elapsed === durationMinutes) end(table, state, plan, others, minute, random);
  else continueIncident(table, state, plan, minute, random);
  if (plan.restless.length > 0 && elapsed < durationMinutes) flap(table, state, plan, minute, elapsed, random);
}

function start(table: RouteTable, state: WorldState, plan: PlannedIncident, minute: Minute, random: Random): void {
  for (const { session, prefix, path } of plan.forced) state.override[session * state.prefixes + prefix] = path;
  converge(table, state, plan, minute, random);
  for (const session of plan.resets) {
    state.sessionDown[session] = 1;
    state.planChange(minute + plan.script.durationMinutes, { kind: 'session up', session });
  }
}

function end(
  table: RouteTable,
  state: WorldState,
  plan: PlannedIncident,
  others: readonly PlannedIncident[],
  minute: Minute,
  random: Random,
): void {
  for (const { session, prefix } of plan.forced) state.override[session * state.prefixes + prefix] = NO_OVERRIDE;
  // Routes that another incident still forces stay forced.
  for (const other of others) {
    for (const { session, prefix, path } of other.forced) state.override[session * state.prefixes + prefix] = path;
  }
  converge(table, state, plan, minute, random);
}

/** Peers reach the new state within the first minute, each in its own time and, when routes go, over worse paths. */
function converge(table: RouteTable, state: WorldState, plan: PlannedIncident, minute: Minute, random: Random): void {
  for (const group of groups(plan.forced)) {
    const { session, path } = group[0]!;
    const lost = path === NO_PATH;
    const byOrigin = new Map<number, number[]>();
    for (const { prefix } of group) {
      const { origin } = table.prefixes[prefix]!;
      const list = byOrigin.get(origin);
      if (list === undefined) byOrigin.set(origin, [prefix]);
      else list.push(prefix);
    }
    for (const prefixes of byOrigin.values()) {
      const from = minute * 6000 + random.integer(4000);
      planExploration(table, state, session, prefixes, from, random, lost ? 0.55 : 0.15);
    }
  }
}

/** Networks under stress keep moving: some of the routes concerned change for a moment and come back. */
function continueIncident(
  table: RouteTable,
  state: WorldState,
  plan: PlannedIncident,
  minute: Minute,
  random: Random,
): void {
  if (plan.forced.length === 0) return;
  const moves = random.poisson(Math.min(60, 3 + 0.05 * plan.forced.length));
  for (let i = 0; i < moves; i++) {
    const { session, prefix, path } = random.pick(plan.forced);
    const at = minute * 6000 + random.integer(4500);
    const alternates = table.alternates(session, table.prefixes[prefix]!.origin);
    if (path !== NO_PATH && random.next() < 0.4) planFlap(table, state, session, [prefix], at, random);
    else if (alternates.length > 0 && prefix < table.ordinaryPrefixes) {
      state.plan({ centisecond: at, session, action: 'announce', value: random.pick(alternates), prefixes: [prefix] });
      const back = at + 200 + random.integer(1200);
      state.plan({ centisecond: back, session, action: 'settle', value: 0, prefixes: [prefix] });
    }
  }
}

function flap(
  table: RouteTable,
  state: WorldState,
  plan: PlannedIncident,
  minute: Minute,
  elapsed: number,
  random: Random,
): void {
  const share = plan.restless.length / table.ordinaryPrefixes;
  const growing = Math.min(1, (elapsed + 1) / 5);
  const flaps = random.poisson(FLAPS * share * growing);
  for (let i = 0; i < flaps; i++) {
    const prefix = random.pick(plan.restless);
    const { family } = table.prefixes[prefix]!;
    const at = minute * 6000 + random.integer(6000);
    // An edge that flaps is seen by several peers at once.
    for (const [session, peer] of table.sessions.entries()) {
      if (peer.family === family && random.next() < 0.35) {
        planFlap(table, state, session, [prefix], at + random.integer(500), random);
      }
    }
  }
}
