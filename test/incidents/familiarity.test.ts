import { describe, expect, test } from '@jest/globals';
import type { FeedHabits, OriginFacts } from '../../src/features/row.js';
import { originSuspicion } from '../../src/incidents/suspicion/originSuspicion.js';
import { correlated, quietMinute, story } from './minutes.js';

/**
 * Bits of a claim with 20 routes on what `reach` routes were known to lead to, through `above` networks. Both networks
 * have been known for `knownFor` minutes, and the feed has so many `peers`.
 */
function bitsOf(
  inside: boolean,
  reach: number | undefined,
  above: number | undefined,
  {
    knownFor = 5000,
    originFor = undefined as number | undefined,
    peers = 50,
    routes = 20,
    held = 5,
    holderPrefixes = 5,
    shared = 0,
    share = 0.4,
    spreading = false,
    habits = undefined as FeedHabits | undefined,
  } = {},
): number {
  const network = { knownFor, degree: 2, carries: 0 };
  const facts = {
    origin: { ...network, knownFor: originFor ?? knownFor },
    holder: network,
    adjacent: false,
    alike: 0,
    near: 0,
    shared,
    originPrefixes: 5,
    holderPrefixes,
    heldFor: knownFor,
    routes,
    taken: 15,
    held,
    others: 0,
    parts: 0,
    ...(above === undefined ? {} : { above }),
    ...(reach === undefined ? {} : { reach }),
  };
  const claim = {
    origin: 5400,
    holders: [3000],
    inside,
    share,
    spreading,
    path: [100, 200, 5400],
    facts,
    ...(habits === undefined ? {} : { habits }),
  };
  return originSuspicion({ ...claim, ...(reach === undefined ? {} : { reached: reach / peers }) }).bits;
}

const less = (inside: boolean) =>
  [20, 13, 12, 7, 6, 0].map((reach) => bitsOf(inside, 20, 5) - bitsOf(inside, reach, 5));

test('a claim on a block to which few routes were known is less suspicious', () => {
  expect(less(true)).toEqual([0, 0, 1, 1, 1, 1]);
});

test('a claim on a whole prefix, whose second origin may only have been unheard, is so by up to two bits', () => {
  expect(less(false)).toEqual([0, 0, 1, 1, 2, 2]);
});

test('rows of older versions, which do not say how many, are judged as if all were known', () => {
  expect(bitsOf(true, undefined, 5)).toBe(bitsOf(true, 20, 5));
});

test('where next to nothing is known above the holder, its few routes do not count a second time', () => {
  for (const inside of [true, false]) expect(bitsOf(inside, 3, 2)).toBe(bitsOf(inside, 20, 2));
  expect(bitsOf(false, 20, 5) - bitsOf(false, 20, 2)).toBe(2);
});

test('of a block that rests little is heard: in half a day a relation would have shown', () => {
  expect(bitsOf(true, 1, 1)).toBe(bitsOf(true, 20, 5));
  const young = { knownFor: 700 };
  expect(bitsOf(true, 20, 5, young) - bitsOf(true, 1, 1, young)).toBe(1);
});

test('strangers are more telling where three in five peers told how they reach the holder, over four networks', () => {
  for (const inside of [true, false]) {
    const better = [34, 33, 30, 29].map((peers) => bitsOf(inside, 20, 4, { peers }) - bitsOf(inside, 20, 4));
    // more so of a part of a block, of which nobody else announced any for half a day
    const most = inside ? 2 : 1;
    expect(better).toEqual([0, most, most, most]);
    const young = (peers: number) => bitsOf(inside, 20, 4, { peers, knownFor: 700 });
    expect(young(30) - young(50)).toBe(1);
    expect(bitsOf(inside, 20, 3, { peers: 20 })).toBe(bitsOf(inside, 20, 3));
  }
});

test('strangers are more telling of a whole prefix that half of the peers take from a well-known holder', () => {
  const bits = (inside: boolean, change: Parameters<typeof bitsOf>[3]) =>
    bitsOf(inside, 20, 3, { peers: 33, ...change });
  expect(bits(false, { share: 0.5 }) - bits(false, {})).toBe(1);
  expect(bits(true, { share: 0.5 }) - bits(true, {})).toBe(0);
  // a handover looks the same while it spreads
  const spreading = { spreading: true };
  expect(bits(false, { share: 0.5, ...spreading }) - bits(false, spreading)).toBe(0);
  expect(bits(false, { share: 0.5, peers: 34 })).toBe(bits(false, { peers: 34 }));
  expect(bits(false, { share: 0.5, shared: 0.1 })).toBe(bits(false, { shared: 0.1 }));
});

test('nor was another origin there unheard, over however few networks the holder was reached', () => {
  expect(bitsOf(false, 20, 2, { peers: 33 }) - bitsOf(false, 20, 2, { peers: 34 })).toBe(2);
  expect(bitsOf(true, 20, 2, { peers: 33 })).toBe(bitsOf(true, 20, 2, { peers: 34 }));
});

test('a neighbour in common speaks against it, however large; a small one most', () => {
  const less = [0, 0.09, 0.13, 0.14, 0.19, 0.2, 1].map(
    (shared) => bitsOf(true, 20, 5) - bitsOf(true, 20, 5, { shared }),
  );
  expect(less).toEqual([0, 2, 2, 4, 4, 6, 6]);
});

test('a network that was first heard of with the claim joins the Internet; the longer it is known, the less that says', () => {
  const networks = { newHour: 0.001, newHalfDay: 0.01 };
  const less = [59, 60, 719, 720].map(
    (knownFor) =>
      bitsOf(true, 20, 5) - bitsOf(true, 20, 5, { originFor: knownFor, habits: { ...networks, single: 0.3 } }),
  );
  expect(less).toEqual([4, 2, 2, 0]);
  // in a feed that began half an hour ago all are new
  const all = { newHour: 1, newHalfDay: 1, single: 0.3 };
  expect(bitsOf(true, 20, 5, { originFor: 30, habits: all })).toBe(bitsOf(true, 20, 5));
});

test('routes that all went over speak for a handover, fewer the less; that the holder has nothing else adds nothing', () => {
  const whole = (held: number, holderPrefixes = 5) => bitsOf(false, 100, 5, { held, routes: 100, holderPrefixes });
  expect([0, 1, 2, 3, 5].map((held) => whole(6) - whole(held))).toEqual([4.5, 3.5, 3.5, 2, 2]);
  for (const held of [0, 1, 50]) expect(whole(held, 0)).toBe(whole(held));
  // of a part of a block the routes to the block do not say it
  expect(bitsOf(true, 20, 5) - bitsOf(true, 20, 5, { holderPrefixes: 0 })).toBe(2);
});

describe('a claim on a whole prefix in its first minute', () => {
  const START = 1100;
  let names: string[] = [];
  /** When an incident is found, of a claim that two minutes list. */
  const opens = (change: Partial<OriginFacts>, later: Partial<OriginFacts> = {}) => {
    const network = { knownFor: 5000, degree: 2, carries: 0 };
    const facts: OriginFacts = {
      origin: network,
      holder: network,
      adjacent: false,
      alike: 0,
      near: 0,
      shared: 0,
      originPrefixes: 5,
      holderPrefixes: 5,
      heldFor: 5000,
      routes: 6,
      taken: 4,
      held: 2,
      reach: 6,
      above: 5,
      others: 0,
      parts: 0,
      ...change,
    };
    const claim = {
      prefix: '198.51.100.0/24',
      origin: 666,
      previousOrigins: [500],
      peers: 4,
      path: [64300, 666],
      facts,
    };
    const minutes = [claim, { ...claim, facts: { ...facts, ...later } }].map((listed, at) => {
      const quiet = quietMinute(START + at);
      return { ...quiet, evidence: { ...quiet.evidence!, known: 240_000, newOrigins: [listed] } };
    });
    const { incidents } = correlated(story(200, minutes));
    names = incidents.map(({ class: name }) => name);
    // found in its second minute, it begins in its first all the same
    expect(incidents.map(({ startedAt }) => startedAt)).toEqual(incidents.map(() => START));
    return incidents.map(({ startedAt, severity, detail }) => [detail.foundAt ?? startedAt, severity]);
  };

  test('opens an incident where it is suspicious whatever becomes of the routes that still lead to the holder', () => {
    expect(opens({})).toEqual([[START, 'major']]);
  });

  test('waits a minute where only those routes make it suspicious', () => {
    expect(opens({ shared: 0.1, above: 3 })).toEqual([[START + 1, 'major']]);
  });

  test('keeps the name of the alert when its routes go back in the next minute', () => {
    expect(opens({}, { taken: 0, held: 6 })).toEqual([[START, 'major']]);
    expect(names).toEqual(['hijack']);
  });

  test('is listed as minor where hardly a route still leads to the holder', () => {
    expect(opens({ held: 0 })).toEqual([[START + 1, 'minor']]);
  });

  test('is not listed where it looks ordinary', () => {
    expect(opens({ held: 0, adjacent: true })).toEqual([]);
  });

  test('is one of at most 24 doubtful ones a day, which no other incident waits for', () => {
    const network = { knownFor: 5000, degree: 2, carries: 0 };
    const doubtful = (origin: number, held: number) => ({
      prefix: `198.51.${origin}.0/24`,
      origin,
      previousOrigins: [500],
      peers: 4,
      path: [64300, origin],
      facts: {
        ...{ origin: network, holder: network, adjacent: false, alike: 0, near: 0, shared: 0, originPrefixes: 5 },
        ...{ holderPrefixes: 5, heldFor: 5000, routes: 6, taken: 4, held, reach: 6, above: 5, others: 0, parts: 0 },
      },
    });
    const claims = Array.from({ length: 31 }, (_, n) => doubtful(n + 1, n === 30 ? 2 : 0));
    const minutes = claims.flatMap((claim, n) =>
      [0, 1].map((at) => {
        const quiet = quietMinute(START + 3 * n + at);
        return { ...quiet, evidence: { ...quiet.evidence!, known: 240_000, newOrigins: [claim] } };
      }),
    );
    const { incidents } = correlated(story(300, minutes));
    expect(incidents.filter(({ severity }) => severity === 'minor').map(({ subject }) => subject)).toEqual(
      claims.slice(0, 24).map(({ origin }) => `AS${origin}`),
    );
    expect(incidents.filter(({ severity }) => severity !== 'minor').map(({ subject }) => subject)).toEqual(['AS31']);
  });
});
