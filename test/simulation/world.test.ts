import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Routes } from '../../src/simulation/routing.js';
import { demoScenario } from '../../src/simulation/scenario.js';
import type { ScriptedIncident } from '../../src/simulation/script.js';
import { CUSTOMER, drawTopology, PEER, PROVIDER } from '../../src/simulation/topology.js';
import { SimulatedWorld } from '../../src/simulation/world.js';

const START = 29_500_000;

interface RisLive {
  type: string;
  data: {
    timestamp: number;
    peer: string;
    peer_asn: string;
    id: string;
    host: string;
    type: string;
    path?: number[];
    community?: number[][];
    origin?: string;
    announcements?: { next_hop: string; prefixes: string[] }[];
    withdrawals?: string[];
    state?: string;
  };
}

function play(world: SimulatedWorld, from: number, until: number): RisLive['data'][] {
  const all: RisLive['data'][] = [];
  for (let minute = from; minute < until; minute++) {
    for (const text of world.minute(minute)) all.push((JSON.parse(text) as RisLive).data);
  }
  return all;
}

function withIncident(incident: ScriptedIncident): SimulatedWorld {
  return new SimulatedWorld({ seed: 5, startMinute: START, incidents: [incident], resetsPerWeek: 0 });
}

describe('routing', () => {
  test('all routes are valley-free and loop-free', () => {
    const topology = drawTopology(3);
    const wrong: unknown[] = [];
    for (const origin of topology.stubs) {
      const routes = new Routes(topology, [origin]);
      for (let as = 0; as < topology.numbers.length; as++) {
        const path = routes.path(as);
        if (path === null || new Set(path).size !== path.length || valleys(topology, path) > 0) wrong.push(path);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('a leaking customer puts a valley into paths', () => {
    const topology = drawTopology(3);
    const leaker = topology.stubs.find(
      (as) => topology.neighbours[as]!.filter(({ relation }) => relation === PROVIDER).length >= 3,
    )!;
    let through = 0;
    for (const origin of topology.stubs) {
      if (origin === leaker) continue;
      const routes = new Routes(topology, [origin], { leaker });
      for (const as of topology.tier1) {
        const path = routes.path(as);
        if (path?.includes(leaker)) {
          through++;
          expect(valleys(topology, path)).toBeGreaterThan(0);
        }
      }
    }
    expect(through).toBeGreaterThan(10);
  });
});

/** Times a path goes down or sideways and then up again, walked from the origin. */
function valleys(topology: ReturnType<typeof drawTopology>, path: number[]): number {
  const walk = [...path].reverse();
  let descending = false;
  let count = 0;
  for (let i = 0; i + 1 < walk.length; i++) {
    const relation = topology.neighbours[walk[i]!]!.find(({ as }) => as === walk[i + 1])!.relation;
    if (relation === PROVIDER && descending) count++;
    if (relation === PEER && descending) count++;
    if (relation === PEER || relation === CUSTOMER) descending = true;
  }
  return count;
}

describe('messages', () => {
  const world = new SimulatedWorld({ seed: 1, startMinute: START });
  const messages = play(world, START, START + 2880);

  test('have the fields of RIS Live, rise in time and stay in their minute', () => {
    let last = 0;
    const ids = new Set<string>();
    const wrong: unknown[] = [];
    for (const data of messages) {
      let right = data.host === 'rrc00' && data.timestamp >= last && typeof data.peer_asn === 'string';
      last = data.timestamp;
      ids.add(data.id);
      if (data.type === 'UPDATE' && data.announcements) {
        right &&= data.path![0] === Number(data.peer_asn) && data.announcements[0]!.prefixes.length > 0;
      } else if (data.type === 'UPDATE') right &&= data.withdrawals!.length > 0;
      else right &&= data.state === 'connected' || data.state === 'down';
      if (!right) wrong.push(data);
    }
    expect(wrong).toEqual([]);
    expect(ids.size).toBe(messages.length);
    const inMinute = world.minute(START + 77).map((text) => (JSON.parse(text) as RisLive).data.timestamp);
    expect(inMinute.every((time) => Math.floor(time / 60) === START + 77)).toBe(true);
  });

  test('come at the level asked for, more by day than by night', () => {
    const perMinute = messages.length / 2880;
    expect(perMinute).toBeGreaterThan(22);
    expect(perMinute).toBeLessThan(38);
    const hour = (h: number) => messages.filter((m) => Math.floor(m.timestamp / 3600) % 24 === h).length;
    expect(hour(16)).toBeGreaterThan(hour(4) * 1.2);
  });

  test('hold duplicates, withdrawals, prepending and both address families', () => {
    const announced = messages.filter((m) => m.announcements);
    expect(messages.some((m) => m.withdrawals)).toBe(true);
    expect(announced.some((m) => m.announcements![0]!.prefixes[0]!.includes(':'))).toBe(true);
    expect(announced.some((m) => new Set(m.path).size < m.path!.length)).toBe(true);
    const held = new Map<string, string>();
    let duplicates = 0;
    for (const m of messages) {
      for (const prefix of m.announcements?.[0]?.prefixes ?? []) {
        const key = `${m.peer} ${prefix}`;
        if (held.get(key) === String(m.path)) duplicates++;
        held.set(key, String(m.path));
      }
    }
    expect(duplicates).toBeGreaterThan(500);
  });

  test('the table at the start covers what the sessions then update', () => {
    const table = world.initialTable().map((text) => (JSON.parse(text) as RisLive).data);
    expect(new Set(table.map((m) => m.peer)).size).toBe(10);
    const prefixes = new Set(table.flatMap((m) => m.announcements![0]!.prefixes));
    expect(prefixes.size).toBeGreaterThan(250);
    const withdrawn = messages.flatMap((m) => m.withdrawals ?? []);
    expect(withdrawn.filter((prefix) => !prefixes.has(prefix))).toEqual([]);
  });
});

test('the same seed gives the same bytes, in any order of asking', () => {
  const options = {
    seed: 9,
    startMinute: START,
    incidents: [
      { class: 'outage', startMinute: START + 700, durationMinutes: 60, magnitude: 0.5 },
    ] as ScriptedIncident[],
  };
  const straight = new SimulatedWorld(options);
  const expected = Array.from({ length: 1600 }, (_, i) => straight.minute(START + i).join('\n'));
  const other = new SimulatedWorld(options);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1599 }), (offset) => {
      expect(other.minute(START + offset).join('\n')).toBe(expected[offset]);
    }),
    { numRuns: 60, seed: 4 },
  );
  const different = new SimulatedWorld({ ...options, seed: 10 });
  expect(different.minute(START).join('\n')).not.toBe(expected[0]);
});

describe('incidents', () => {
  test('an origin hijack shows the attacker as origin of the victims\u2019 prefixes, and ends', () => {
    const world = withIncident({ class: 'hijack', startMinute: START + 30, durationMinutes: 20, magnitude: 0.5 });
    const [truth] = world.groundTruth();
    const originated = (from: number, until: number) =>
      play(world, from, until).filter((m) => m.path?.at(-1) === truth!.culprits[0]);
    const own = new Set(originated(START, START + 30).flatMap((m) => m.announcements![0]!.prefixes));
    const stolen = new Set(originated(START + 30, START + 50).flatMap((m) => m.announcements![0]!.prefixes));
    expect([...stolen].filter((prefix) => truth!.prefixes.includes(prefix)).length).toBeGreaterThan(10);
    expect([...own].some((prefix) => truth!.prefixes.includes(prefix))).toBe(false);
    const after = originated(START + 52, START + 120).flatMap((m) => m.announcements![0]!.prefixes);
    expect(after.some((prefix) => truth!.prefixes.includes(prefix))).toBe(false);
    expect(truth!.victims).not.toContain(truth!.culprits[0]);
  });

  test('a more-specific hijack announces new /24s inside the victims\u2019 prefixes and withdraws them', () => {
    const world = withIncident({
      class: 'hijack',
      hijack: 'more-specific',
      startMinute: START + 5,
      durationMinutes: 10,
      magnitude: 0.2,
    });
    const [truth] = world.groundTruth();
    expect(truth!.prefixes).toHaveLength(12);
    const during = play(world, START, START + 15);
    const seen = new Set(during.flatMap((m) => m.announcements?.[0]?.prefixes ?? []));
    for (const prefix of truth!.prefixes) expect(seen.has(prefix)).toBe(true);
    const gone = new Set(play(world, START + 15, START + 18).flatMap((m) => m.withdrawals ?? []));
    for (const prefix of truth!.prefixes) expect(gone.has(prefix)).toBe(true);
  });

  test('a leak routes many origins through the leaker', () => {
    const world = withIncident({ class: 'leak', startMinute: START + 5, durationMinutes: 10, magnitude: 1 });
    const [truth] = world.groundTruth();
    const through = play(world, START, START + 15).filter(
      (m) => m.path?.includes(truth!.culprits[0]!) && m.path.at(-1) !== truth!.culprits[0],
    );
    expect(new Set(through.map((m) => m.path!.at(-1))).size).toBeGreaterThan(15);
    expect(Math.min(...through.map((m) => m.timestamp))).toBeGreaterThanOrEqual((START + 5) * 60);
  });

  test('an outage withdraws the prefixes of the ASes that fail, from all peers', () => {
    const world = withIncident({ class: 'outage', startMinute: START + 5, durationMinutes: 10, magnitude: 0.8 });
    const [truth] = world.groundTruth();
    const withdrawals = play(world, START + 5, START + 8).filter((m) => m.withdrawals);
    expect(new Set(withdrawals.map((m) => m.peer)).size).toBeGreaterThanOrEqual(8);
    expect(new Set(withdrawals.flatMap((m) => m.withdrawals!)).size).toBeGreaterThan(15);
    expect(truth!.culprits.length).toBeGreaterThan(5);
  });

  test('an instability lasts', () => {
    const world = withIncident({ class: 'instability', startMinute: START + 10, durationMinutes: 60, magnitude: 0.5 });
    for (let minute = START + 20; minute < START + 70; minute++) {
      expect(world.minute(minute).length).toBeGreaterThan(90);
    }
    expect(world.minute(START + 100).length).toBeLessThan(90);
  });

  test('a reset loses the session and announces its table again', () => {
    const world = withIncident({ class: 'reset', startMinute: START + 5, durationMinutes: 2, magnitude: 0.1 });
    const [truth] = world.groundTruth();
    const all = play(world, START, START + 9).filter((m) => m.peer === truth!.peers[0] || truth!.peers.length === 0);
    const states = play(world, START, START + 9).filter((m) => m.type === 'RIS_PEER_STATE');
    expect(states.map((m) => m.state)).toEqual(['down', 'connected']);
    const between = play(world, START + 5, START + 7).filter((m) => m.peer === states[0]!.peer && m.type === 'UPDATE');
    expect(between).toHaveLength(0);
    const again = play(world, START + 7, START + 8).filter((m) => m.peer === states[0]!.peer && m.announcements);
    expect(again.length).toBeGreaterThan(50);
    expect(all.length).toBeGreaterThan(0);
  });

  test('a culprit that is not in the world is refused', () => {
    const incident = { class: 'leak', startMinute: START, durationMinutes: 5, magnitude: 1, culprits: [3356] } as const;
    expect(() => withIncident({ ...incident, culprits: [3356] })).toThrow(/AS3356 is not in the simulated world/);
  });
});

test('drift changes level, duplicates and path length for good, and nothing before it', () => {
  const plain = new SimulatedWorld({ seed: 2, startMinute: START });
  const drifting = new SimulatedWorld({
    seed: 2,
    startMinute: START,
    drift: [{ fromMinute: START + 600, level: 2, duplicates: 2, prepending: 0.6 }],
  });
  expect(drifting.minute(START + 599)).toEqual(plain.minute(START + 599));
  const before = play(plain, START + 700, START + 2000);
  const after = play(drifting, START + 700, START + 2000);
  expect(after.length / before.length).toBeGreaterThan(1.6);
  const averageLength = (list: RisLive['data'][]) => {
    const paths = list.filter((m) => m.path);
    return paths.reduce((sum, m) => sum + m.path!.length, 0) / paths.length;
  };
  expect(averageLength(after)).toBeGreaterThan(averageLength(before) + 0.5);
});

test('the demo scenario has incidents well apart, before drift', () => {
  const scenario = demoScenario(START);
  const starts = scenario.incidents.map((incident) => incident.startMinute);
  expect(new Set(scenario.incidents.map((incident) => incident.class)).size).toBeGreaterThanOrEqual(3);
  for (let i = 1; i < starts.length; i++) expect(starts[i]! - starts[i - 1]!).toBeGreaterThan(180);
  expect(starts[0]).toBeGreaterThan(scenario.liveMinute);
  expect(scenario.driftMinute).toBeGreaterThan(Math.max(...starts) + 360);
  expect(scenario.endMinute - scenario.driftMinute).toBe(2400);
});

test('peers that join are silent before, then send their tables and their part of the traffic', () => {
  const join = { fromMinute: START + 120, peers: 2, traffic: 4 };
  const world = new SimulatedWorld({ seed: 5, startMinute: START, resetsPerWeek: 0, join });
  const joining = ['192.0.2.16', '192.0.2.17'];
  const isJoining = ({ peer }: RisLive['data']) => joining.includes(peer);
  const before = play(world, START, START + 120);
  expect(before.filter(isJoining)).toEqual([]);
  expect(world.initialTable().some((text) => joining.some((peer) => text.includes(`"peer":"${peer}"`)))).toBe(false);
  const first = play(world, START + 120, START + 122).filter(isJoining);
  expect(first.filter(({ state }) => state === 'connected').map(({ peer }) => peer)).toEqual(joining);
  const prefixes = new Set(first.flatMap(({ announcements = [] }) => announcements.flatMap((one) => one.prefixes)));
  expect(prefixes.size).toBeGreaterThan(200);
  const after = play(world, START + 130, START + 250);
  const share = after.filter(isJoining).length / after.length;
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.6);
  expect(after.length / before.length).toBeGreaterThan(1.6);
});
