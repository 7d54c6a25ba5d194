import { expect, test } from '@jest/globals';
import { originSuspicion } from '../../src/incidents/suspicion/originSuspicion.js';

/** Bits of a claim with 20 routes on what `reach` routes were known to lead to, through `above` networks. */
function bitsOf(inside: boolean, reach: number | undefined, above: number | undefined): number {
  const network = { knownFor: 5000, degree: 2, carries: 0 };
  const facts = {
    origin: network,
    holder: network,
    adjacent: false,
    alike: 0,
    near: 0,
    shared: 0,
    originPrefixes: 5,
    holderPrefixes: 5,
    heldFor: 5000,
    routes: 20,
    taken: 15,
    held: 5,
    others: 0,
    parts: 0,
    ...(above === undefined ? {} : { above }),
    ...(reach === undefined ? {} : { reach }),
  };
  return originSuspicion({ origin: 5400, holders: [3000], inside, share: 0.5, path: [100, 200, 5400], facts }).bits;
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
  expect(bitsOf(true, 3, 2)).toBe(bitsOf(true, 20, 2));
  expect(bitsOf(true, 20, 5) - bitsOf(true, 20, 2)).toBe(1);
});
