import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as shape from '../../src/dashboard/api/schema.js';
import { victimsOf } from '../../src/dashboard/victims.js';
import { baselineOf } from '../../src/incidents/baseline.js';
import { noEvidence } from '../../src/incidents/evidence.js';
import { startDashboards, type TestDashboard } from './dashboard.js';
import { storeHijack, TAKEN } from './storedIncidents.js';

const NAMES = new Map([
  [3200, 'GRABBER Example Carrier, NL'],
  [3500, 'HOLDER-5, DE'],
]);

const FACTS = { knownFor: 9000, degree: 40, carries: 40 };
const LEAKED = {
  minute: 0,
  carrier: 64500,
  from: 11,
  to: 10,
  routes: 501,
  peers: 4,
  prefixes: 249,
  origins: 96,
  sample: ['10.1.0.0/16'],
  carrierFacts: FACTS,
  fromFacts: FACTS,
  toFacts: FACTS,
  reverse: false,
  shared: 0,
  alike: 0,
  near: 0,
  linkFor: 9000,
};

let dashboards: TestDashboard;
let url: string;
let id: number;

beforeAll(async () => {
  dashboards = await startDashboards();
  [id = 0] = await storeHijack(dashboards.database.pool);
  ({ url } = await dashboards.open({}, (asNumber) => NAMES.get(asNumber)));
});
afterAll(() => dashboards?.stop());

const get = async (path: string) => (await fetch(url + path)).text();

test('every victim is named with its holder, the taker, the peers and the RPKI state', async () => {
  const victims = shape.victims.parse(JSON.parse(await get(`/api/incidents/${id}/victims`)));
  expect(victims.rows.map(({ prefix }) => prefix).sort()).toEqual([...TAKEN].sort());
  expect(victims.of).toBe(TAKEN.length);
  const row = (prefix: string) => victims.rows.find((each) => each.prefix === prefix);
  expect(row('10.5.0.0/16')).toEqual({
    prefix: '10.5.0.0/16',
    covering: null,
    holders: [{ asNumber: 3500, name: 'HOLDER-5, DE' }],
    by: { asNumber: 3200, name: 'GRABBER Example Carrier, NL' },
    peers: 8,
    rpki: 'invalid',
    mine: false,
  });
  expect(row('10.7.0.0/16')).toMatchObject({ holders: [{ asNumber: 3700, name: null }], rpki: 'valid' });
  expect(row('10.8.0.0/16')?.rpki).toBe('not found');
  expect(victims.names).toEqual({ 3200: 'GRABBER Example Carrier, NL' });
});

test('the paths open at the height, which the time line names in the same numbers, and say how sure it is', async () => {
  const incident = shape.incident.parse(JSON.parse(await get(`/api/incidents/${id}`)));
  const graph = shape.pathGraph.parse(JSON.parse(await get(`/api/incidents/${id}/paths`)));
  expect(graph.prefix).toBe('10.10.0.0/16');
  expect(graph.height).toBe(incident.startedAt);
  expect(graph.height).not.toBe(graph.minutes.at(-1));
  expect(incident.timeline.filter(({ kind }) => kind === 'height')).toEqual([
    {
      at: graph.height,
      kind: 'height',
      words: 'At its height: 8 of the 8 peers whose path to 10.10.0.0/16 is known take new links',
    },
  ]);
  expect(incident.confidence).toEqual({ score: expect.any(Number), words: 'very sure' });
  expect(incident.confidence?.score).toBeGreaterThanOrEqual(0.9);
});

test('the report lists them too', async () => {
  const text = await get(`/api/incidents/${id}/report.html`);
  expect(text).toContain('Prefixes that were hit');
  expect(text).toContain('AS3500 HOLDER-5, DE');
  for (const prefix of TAKEN) expect(text).toContain(prefix);
});

test('a leak names each prefix that its paths name, and counts those that have no names', () => {
  const evidence = { ...noEvidence(0, baselineOf([])), peersSeen: 4, known: 900, transits: [LEAKED] };
  const path = (peer: string, prefix: string, before: number[], during: number[]) => ({
    peer,
    peerAs: Number(during[0]),
    prefix,
    before,
    during,
  });
  const paths = [
    path('192.0.2.1', '10.2.0.0/16', [10, 11, 64502], [10, 64500, 64502]),
    path('192.0.2.2', '10.2.0.0/16', [20, 11, 64502], [20, 64500, 64502]),
    // through it before, its own, and past it
    path('192.0.2.1', '10.3.0.0/16', [10, 64500, 64503], [20, 64500, 64503]),
    path('192.0.2.1', '10.4.0.0/16', [10, 11, 64504], [10, 64500]),
    path('192.0.2.1', '10.5.0.0/16', [10, 11, 64505], [10, 12, 64505]),
  ];
  const victims = victimsOf({
    class: 'leak',
    subject: 'AS64500',
    culprits: { prefixes: [], origins: [], peers: [] },
    evidence,
    watched: [],
    minutes: [{ evidence: { paths } }],
    nameOf: () => undefined,
  });
  expect(victims.rows.map(({ prefix, peers, holders }) => [prefix, peers, holders[0]?.asNumber])).toEqual([
    ['10.2.0.0/16', 2, 64502],
    ['10.1.0.0/16', null, undefined],
  ]);
  expect(victims.of).toBe(249);
});
