import { expect, test } from '@jest/globals';
import { majorBits, viewOf } from '../../src/incidents/suspicion/suspicion.js';

const bits = (peers: number, routes?: number, share = 0.5, perDay = 6) =>
  majorBits(perDay, share, viewOf(peers, routes));

test('from 40 peers on a claim needs 1.5 bits where half of them have it, and 2 otherwise', () => {
  for (const peers of [40, 44, 600]) expect([bits(peers, 8), bits(peers, 8, 0.4)]).toEqual([1.5, 2]);
});

test('half as many peers ask for a bit more, up to two and a half', () => {
  expect(bits(22, 4)).toBe(2.5);
  expect(bits(11, 2)).toBe(3.5);
  for (const peers of [1, 3, 7]) expect(bits(peers, 1)).toBe(4);
});

test('a peer whose whole table is known counts as four', () => {
  expect(bits(10, 10)).toBe(1.5);
  expect(bits(4, 2.75)).toBe(3.5);
});

test('nothing is held against rows that do not say how many routes a prefix has', () => {
  expect(bits(4)).toBe(1.5);
});

test('who is ready to read more alerts asks for less', () => {
  expect(bits(22, 4, 0.5, 24)).toBe(1.5);
});
