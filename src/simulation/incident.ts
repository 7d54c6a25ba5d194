import { hash, hashFraction } from '../random/hash.js';
import { Random } from '../random/random.js';
import { moreSpecificOf } from './prefix.js';
import { NO_PATH, type RouteTable } from './routeTable.js';
import { Routes } from './routing.js';
import type { GroundTruth, ScriptedIncident } from './script.js';
import { PROVIDER } from './topology.js';

/** Routes that an incident forces while it lasts. */
export interface ForcedRoute {
  session: number;
  prefix: number;
  /** NO_PATH where the peer loses the route. */
  path: number;
}

/** An incident worked out against the world: who does it, what changes for whom. */
export interface PlannedIncident {
  script: ScriptedIncident;
  index: number;
  culprits: number[];
  forced: ForcedRoute[];
  /** Prefixes that flap throughout (instability). */
  restless: number[];
  /** Sessions that go down (reset). */
  resets: number[];
}

const HIJACK_PREFIXES = 60;

/**
 * Plans all incidents of a script; more-specific prefixes are appended to the table's prefixes, so it is called once,
 * when the world is made.
 *
 * @throws RangeError when a culprit is not an AS of this world
 */
export function planIncidents(
  table: RouteTable,
  seed: number,
  scripts: readonly ScriptedIncident[],
): PlannedIncident[] {
  return scripts.map((script, index) => {
    const random = new Random(seed, 0x80, index);
    const named = script.culprits?.map((number) => indexOf(table, number));
    const plan: PlannedIncident = { script, index, culprits: [], forced: [], restless: [], resets: [] };
    planners[script.class](table, plan, random, named, hash(seed, 0x81, index));
    return plan;
  });
}

type Planner = (
  table: RouteTable,
  plan: PlannedIncident,
  random: Random,
  named: number[] | undefined,
  seed: number,
) => void;

const planners: Record<ScriptedIncident['class'], Planner> = {
  hijack: planHijack,
  leak: planLeak,
  outage: planOutage,
  instability: planInstability,
  reset: planReset,
};

function indexOf(table: RouteTable, asNumber: number): number {
  const index = table.topology.numbers.indexOf(asNumber);
  if (index < 0) throw new RangeError(`AS${asNumber} is not in the simulated world; see world.asNumbers`);
  return index;
}

function peerAses(table: RouteTable): Set<number> {
  return new Set(table.sessions.map(({ as }) => as));
}

function planHijack(table: RouteTable, plan: PlannedIncident, random: Random, named: number[] | undefined): void {
  const peers = peerAses(table);
  const attacker = named?.[0] ?? random.pick(table.topology.stubs.filter((as) => !peers.has(as)));
  plan.culprits = [attacker];
  const wanted = Math.max(1, Math.round(plan.script.magnitude * HIJACK_PREFIXES));
  const moreSpecific = plan.script.hijack === 'more-specific';
  const victims = table.byFamily[4].filter((index) => {
    const { origin, length } = table.prefixes[index]!;
    return origin !== attacker && (!moreSpecific || length <= 22);
  });
  for (const [n, victim] of random.sample(victims, wanted).entries()) {
    const held = table.prefixes[victim]!;
    let prefix = victim;
    if (moreSpecific) {
      prefix = table.prefixes.length;
      table.prefixes.push({ text: moreSpecificOf(held, n), family: 4, length: 24, origin: attacker });
    }
    const routes = new Routes(table.topology, moreSpecific ? [attacker] : [held.origin, attacker]);
    for (const [session, { family }] of table.sessions.entries()) {
      const path = table.pathIn(routes, session);
      const changes = moreSpecific ? path !== NO_PATH : path !== table.normal(session, held.origin);
      if (family === 4 && changes) plan.forced.push({ session, prefix, path });
    }
  }
}

/** Routes that differ from the ordinary ones under a fault, of all origins. */
function changedRoutes(table: RouteTable, fault: ConstructorParameters<typeof Routes>[2]): ForcedRoute[] {
  const changed: ForcedRoute[] = [];
  for (const [origin, prefixes] of table.prefixesOf.entries()) {
    if (prefixes.length === 0) continue;
    const routes = new Routes(table.topology, [origin], fault);
    for (const [session, { family }] of table.sessions.entries()) {
      const path = table.pathIn(routes, session);
      if (path === table.normal(session, origin)) continue;
      for (const prefix of prefixes) {
        if (table.prefixes[prefix]!.family === family) changed.push({ session, prefix, path });
      }
    }
  }
  return changed;
}

function planLeak(
  table: RouteTable,
  plan: PlannedIncident,
  random: Random,
  named: number[] | undefined,
  seed: number,
): void {
  const peers = peerAses(table);
  const multihomed = table.topology.stubs.filter((as) => {
    const providers = table.topology.neighbours[as]!.filter(({ relation }) => relation === PROVIDER);
    return providers.length >= 2 && !peers.has(as);
  });
  // The leak that makes the news is the one that attracts most.
  let best: ForcedRoute[] = [];
  for (const leaker of named ?? random.sample(multihomed, 6)) {
    const number = table.topology.numbers[leaker]!;
    const changed = changedRoutes(table, { leaker }).filter(
      ({ path }) => path !== NO_PATH && table.paths.path(path).includes(number),
    );
    if (plan.culprits.length === 0 || changed.length > best.length) {
      best = changed;
      plan.culprits = [leaker];
    }
  }
  plan.forced = best.filter(({ prefix }) => hashFraction(seed, prefix) < plan.script.magnitude);
}

function planOutage(table: RouteTable, plan: PlannedIncident, random: Random, named: number[] | undefined): void {
  const peers = peerAses(table);
  let dead = named;
  if (dead === undefined) {
    const region = random.integer(6);
    const there = [...table.topology.transits, ...table.topology.stubs].filter(
      (as) => table.topology.regions[as] === region && !peers.has(as),
    );
    dead = random.sample(there, Math.max(1, Math.round(there.length * plan.script.magnitude)));
  }
  plan.culprits = dead;
  plan.forced = changedRoutes(table, { dead: new Set(dead) });
}

function planInstability(
  table: RouteTable,
  plan: PlannedIncident,
  _random: Random,
  named: number[] | undefined,
  seed: number,
): void {
  plan.culprits = named ?? [];
  for (let prefix = 0; prefix < table.ordinaryPrefixes; prefix++) {
    const struck =
      named === undefined
        ? hashFraction(seed, prefix) < plan.script.magnitude
        : named.includes(table.prefixes[prefix]!.origin);
    if (struck) plan.restless.push(prefix);
  }
}

function planReset(table: RouteTable, plan: PlannedIncident, random: Random, named: number[] | undefined): void {
  const all = [...table.sessions.keys()];
  plan.resets =
    named === undefined
      ? random.sample(all, Math.max(1, Math.round(all.length * plan.script.magnitude)))
      : all.filter((session) => named.includes(table.sessions[session]!.as));
  if (plan.resets.length === 0)
    throw new RangeError('none of the culprits of the scripted reset peers with the collector');
  plan.culprits = [...new Set(plan.resets.map((session) => table.sessions[session]!.as))];
}

export function groundTruthOf(table: RouteTable, plan: PlannedIncident): GroundTruth {
  const prefixes = new Set(plan.restless);
  const sessions = new Set(plan.resets);
  for (const { prefix, session } of plan.forced) {
    prefixes.add(prefix);
    sessions.add(session);
  }
  if (plan.restless.length > 0) for (const session of table.sessions.keys()) sessions.add(session);
  const { script } = plan;
  const numbers = (indices: Iterable<number>) =>
    [...new Set(indices)].map((as) => table.topology.numbers[as]!).sort((a, b) => a - b);
  const texts = [...prefixes].map((prefix) => table.prefixes[prefix]!.text);
  const holders = [...prefixes].map((prefix) => {
    // A more-specific belongs to whoever holds the /16 of its second byte.
    const { text, origin } = table.prefixes[prefix]!;
    return prefix < table.ordinaryPrefixes ? origin : Number.parseInt(text.split('.')[1]!, 10);
  });
  return {
    class: script.class,
    startMinute: script.startMinute,
    endMinute: script.startMinute + script.durationMinutes - 1,
    magnitude: script.magnitude,
    culprits: numbers(plan.culprits),
    victims: numbers(holders),
    prefixes: texts,
    peers: [...sessions].sort((a, b) => a - b).map((session) => table.sessions[session]!.address),
  };
}
