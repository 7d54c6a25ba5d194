import { expect, test } from '@jest/globals';
import { ownPart } from '../../src/dashboard/ownPart.js';
import { pathGraph } from '../../src/dashboard/pathGraph.js';
import { emptyEvidence } from '../../src/features/row.js';
import type { Incident } from '../../src/incidents/incident.js';

const claim = (prefix: string, origin: number) => ({
  prefix,
  origin,
  previousOrigins: [64500],
  peers: 3,
  path: [1, origin],
});
const path = (peer: string, prefix: string, before: number[], during: number[]) => ({
  peer,
  peerAs: 1,
  prefix,
  before,
  during,
});
const minutes = [
  {
    minute: 10,
    evidence: {
      ...emptyEvidence(),
      newOrigins: [claim('192.0.2.0/24', 64666), claim('198.51.100.0/24', 64777)],
      newLinks: [
        { left: 1, right: 64666, routes: 3, prefixes: ['192.0.2.0/24'] },
        { left: 1, right: 64777, routes: 3, prefixes: ['198.51.100.0/24'] },
      ],
      withdrawn: [
        { prefix: '192.0.2.0/24', peers: 3, peersBefore: 4, origin: 64500 },
        { prefix: '203.0.113.0/24', peers: 9, peersBefore: 9, origin: 65060 },
      ],
      paths: [
        path('a', '192.0.2.0/24', [1, 64500], [1, 64666]),
        ...['b', 'c', 'd'].map((peer) => path(peer, '203.0.113.0/24', [1, 64510], [2, 64510])),
      ],
      resets: [{ peer: 'x', peerAs: 9, state: 'down' as const }],
    },
  },
];
const incident = (subject: string, change: Partial<Incident> = {}) =>
  ({
    subject,
    class: 'hijack',
    culprits: { prefixes: [], origins: [], peers: [] },
    detail: { watched: [] },
    ...change,
  }) as unknown as Incident;

test('of what else happened in its minutes the incident of a network shows nothing', () => {
  const { evidence } = ownPart(incident('AS64666 new origin'), minutes)[0]!;
  expect(evidence.newOrigins.map(({ origin }) => origin)).toEqual([64666]);
  expect(evidence.newLinks.map(({ right }) => right)).toEqual([64666]);
  expect(evidence.withdrawn.map(({ prefix }) => prefix)).toEqual(['192.0.2.0/24']);
  expect(evidence.resets).toEqual([]);
  expect(pathGraph(minutes).prefixes[0]).toBe('203.0.113.0/24');
  expect(pathGraph(ownPart(incident('AS64666 new origin'), minutes)).prefix).toBe('192.0.2.0/24');
});

test('what goes down with a network stays, and what no network does is whole', () => {
  const { evidence } = ownPart(incident('AS65060', { class: 'outage' }), minutes)[0]!;
  expect(evidence.withdrawn).toHaveLength(2);
  expect(ownPart(incident(''), minutes)).toEqual(minutes);
});

test('the picture opens at a prefix of which more than the way back is known', () => {
  const back = ['a', 'b', 'c'].map((peer) => path(peer, '203.0.113.0/24', [1, 64666], [2, 64666]));
  const seen = [
    {
      minute: 10,
      evidence: { ...emptyEvidence(), paths: [...back, path('a', '192.0.2.0/24', [1, 64500], [1, 64666])] },
    },
  ];
  expect(pathGraph(seen, '203.0.113.0/24')).toMatchObject({ prefix: '203.0.113.0/24' });
  const opened = pathGraph(seen);
  expect(opened.prefixes[0]).toBe('203.0.113.0/24');
  expect(opened).toMatchObject({ prefix: '192.0.2.0/24', height: 10 });
});
