import { expect, test } from '@jest/globals';
import type { IncidentRow } from '../../src/dashboard/api/schema.js';
import { timelineOf } from '../../src/dashboard/timeline.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 9, 12, 0);
const incident: IncidentRow = {
  id: 1,
  stream: 'rrc00',
  subject: '',
  startedAt: START,
  endedAt: START + 10 * MINUTE,
  lastMinute: START + 9 * MINUTE,
  foundAt: START + 5 * MINUTE,
  peakMinute: START + 2 * MINUTE,
  peakScore: 4,
  severity: 'major',
  class: 'outage',
  models: [],
  headline: '',
  acknowledgedBy: null,
  assignedTo: null,
  ordinary: false,
  ending: 'resolved',
  history: false,
  mine: false,
  prefixNames: [],
};
const withdrawn = (prefix: string, peers: number, peersBefore: number) => ({
  withdrawn: [{ prefix, origin: 64500, peers, peersBefore }],
});

test('a time line begins with the incident, and leaves out prefixes that hardly any peer had', () => {
  const events = timelineOf(
    incident,
    'It is quiet again',
    null,
    { times: [], score: [], threshold: null },
    [
      { minute: START - 3 * MINUTE, evidence: withdrawn('192.0.2.0/24', 8, 9) },
      { minute: START + MINUTE, evidence: withdrawn('198.51.100.0/24', 1, 2) },
      { minute: START + 2 * MINUTE, evidence: withdrawn('203.0.113.0/24', 8, 9) },
      { minute: START + 3 * MINUTE, evidence: withdrawn('203.0.114.0/24', 2, 9) },
    ],
    [],
  );
  expect(events[0]).toMatchObject({ at: START, kind: 'start' });
  expect(events.find(({ kind }) => kind === 'found')).toEqual({
    at: START + 5 * MINUTE,
    kind: 'found',
    words: 'Found, 5 minutes after it began',
  });
  expect(events.filter(({ kind }) => kind === 'withdrawal').map(({ words }) => words)).toEqual([
    '203.0.113.0/24 of AS64500 withdrawn by 8 of 9 peers',
  ]);
});

test('it tells when most routes go back from an origin that took them', () => {
  const prefix = '192.0.2.0/24';
  const peer = { peerAs: 64500, prefix };
  const [held, taken] = [
    [64500, 64501],
    [64500, 64999],
  ];
  const events = timelineOf(
    incident,
    'It is quiet again',
    null,
    { times: [], score: [], threshold: null },
    [
      {
        minute: START,
        evidence: {
          newOrigins: [{ prefix, origin: 64999, previousOrigins: [64501], peers: 1, path: taken }],
          paths: [{ ...peer, peer: '198.51.100.1', before: held, during: taken }],
        },
      },
      {
        minute: START + 5 * MINUTE,
        evidence: {
          paths: ['198.51.100.1', '198.51.100.2'].map((name) => ({ ...peer, peer: name, before: taken, during: held })),
        },
      },
      {
        minute: START + 6 * MINUTE,
        evidence: { paths: [{ ...peer, peer: '198.51.100.3', before: taken, during: held }] },
      },
    ],
    [],
  );
  expect(events.map(({ kind, words }) => [kind, words])).toEqual([
    ['start', 'The incident begins'],
    ['origin', 'AS64999 announces 192.0.2.0/24, until then announced by AS64501; 1 peer sees it'],
    ['peak', 'Highest score, 4.00'],
    ['found', 'Found, 5 minutes after it began'],
    ['return', '1 prefix goes back to who held it: 2 routes at once, such as of 192.0.2.0/24'],
    ['end', 'It is quiet again, after 10 minutes'],
  ]);
});

test('routes that went back before the models grew calm have a minute of their own', () => {
  const ended = { ...incident, endedAt: START + 61 * MINUTE, class: 'hijack' };
  const course = {
    returnedAt: START + 35 * MINUTE,
    messages: [
      // within the minute, and in the time line before what its row says
      { at: START + 11_000, kind: 'announcement', prefix: '192.0.2.0/24', path: [64500, 64666] },
      { at: START + 12_000, kind: 'announcement', prefix: '192.0.2.0/24', path: [64501, 64666] },
    ],
  };
  const none = { times: [], score: [], threshold: null };
  const later = [20, 53].map((at) => ({ minute: START + at * MINUTE, evidence: withdrawn(`203.0.${at}.0/24`, 8, 9) }));
  const events = timelineOf(ended, 'Its routes went back', null, none, later, [], [], null, course);
  const wordsOf = (name: string) => events.filter(({ kind }) => kind === name).map(({ at, words }) => [at, words]);
  expect(wordsOf('return')).toEqual([[START + 35 * MINUTE, 'Its routes went back, after 35 minutes']]);
  expect(wordsOf('end')).toEqual([
    [START + 61 * MINUTE, 'It ends: what models flagged of it has passed, after 61 minutes'],
  ]);
  // What is withdrawn after that is another matter.
  expect(wordsOf('withdrawal').map(([at]) => at)).toEqual([START + 20 * MINUTE]);
  expect(wordsOf('message')).toEqual([[START, 'AS64666 announces 192.0.2.0/24: the first message of it']]);
});
