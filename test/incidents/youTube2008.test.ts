import { expect, test } from '@jest/globals';
import { Feed } from './feed.js';
import { correlated } from './minutes.js';

const HOLDER = 36_561;
const TAKER = 17_557;
const BLOCK = '208.65.152.0/22';
const PART = '208.65.153.0/24';
const HALVES = ['208.65.153.0/25', '208.65.153.128/25'];
/** Minutes of the day before, and the minute in which it happens. */
const BEGINS = 900;

/**
 * The hijack of 24 February 2008 (RIPE NCC, "YouTube Hijacking: A RIPE NCC RIS case study"), minute by minute: AS17557
 * announces the /24 over its provider to some peers, a minute later to all; 80 minutes on AS36561 announces it as well, then
 * both halves; after 134 minutes the provider withdraws. So many peers had once announced the block, 13 hours before.
 */
function played(knowing: number, leaking: boolean) {
  // the taker announces prefixes of its own for long, and so does the holder elsewhere
  const feed = new Feed()
    .announce(0, 12, 200, [3491, TAKER], ['58.27.128.0/17', '116.71.0.0/16', '203.82.48.0/20'])
    .announce(0, 12, 201, [3549, HOLDER], ['64.15.112.0/20', '208.117.224.0/19'])
    .announce(BEGINS, 3, 200, [3491, TAKER], [PART])
    .announce(BEGINS + 1, 12, 200, [3491, TAKER], [PART])
    .announce(BEGINS + 80, 5, 201, [3549, HOLDER], [PART])
    .announce(BEGINS + 91, 12, 201, [3549, HOLDER], HALVES)
    .announce(BEGINS + 134, 12, 201, [3549, HOLDER], [PART]);
  if (knowing > 0) feed.announce(120, knowing, 201, [3549, HOLDER], [BLOCK]);
  if (leaking) leak(feed);
  const inputs = feed.inputs(BEGINS + 200);
  return { ...correlated(inputs), began: inputs[0]!.minute + BEGINS };
}

/** AS2600, a customer of both carriers, passes routes of all stubs behind the one on to the other for two hours. */
function leak(feed: Feed): void {
  feed.announce(0, 12, 200, [2600], ['172.20.0.0/16']).announce(1, 12, 201, [2600], ['172.21.0.0/16']);
  for (let n = 1; n <= 40; n += 2) {
    const prefixes = [10, 11, 12].map((first) => `${first}.${n}.0.0/16`);
    feed.announce(BEGINS - 5, 12, 200, [2600, 201, 3000 + 100 * n], prefixes);
    feed.announce(BEGINS + 115, 12, 201, [3000 + 100 * n], prefixes);
  }
}

const about = (network: number) => new RegExp(`AS${network}\\b`);

test.each([
  ['known by one update of one peer', 1, false],
  ['known by one peer, in the midst of a leak', 1, true],
  ['known by all peers', 12, false],
])('the hijack of YouTube, whose block is %s, is an incident of its own', (_, knowing, leaking) => {
  const { incidents, changes, began } = played(knowing, leaking);
  const hijacks = incidents.filter(({ class: name }) => name === 'hijack');
  expect(hijacks.map(({ subject, severity }) => [subject, severity])).toEqual([[`AS${TAKER}`, 'major']]);
  const raised = changes.find(({ incident }) => incident.class === 'hijack' && incident.severity === 'major')!;
  expect(hijacks[0]!.startedAt - began).toBe(0);
  expect(raised.minute - began).toBeLessThan(3);
  const words = hijacks[0]!.reasons.map((reason) => reason.words).join('\n');
  for (const named of [`AS${TAKER}`, `AS${HOLDER}`, PART, BLOCK]) expect(words).toContain(named);
  const others = incidents.filter((incident) => incident !== hijacks[0]);
  expect(others.map(({ class: name, subject }) => [name, subject])).toEqual(leaking ? [['leak', 'AS2600']] : []);
  expect(others.map(({ startedAt }) => startedAt - began)).toEqual(leaking ? [-5] : []);
});

test('nobody is accused of taking a block that was never announced, nor who announces a part of it later', () => {
  const words = played(0, false).incidents.flatMap(({ reasons }) => reasons.map((reason) => reason.words));
  for (const network of [TAKER, HOLDER]) expect(words.filter((line) => about(network).test(line))).toEqual([]);
});
