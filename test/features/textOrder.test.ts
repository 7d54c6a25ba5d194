import { describe, expect, test } from '@jest/globals';
import { formatPrefix, parsePrefix } from '../../src/bgp/address.js';
import { Tally } from '../../src/features/tally.js';
import { decimalTextOrder, prefixTextOrder } from '../../src/features/textOrder.js';
import { Random } from '../../src/random/random.js';

const OCTETS = [0, 1, 2, 9, 10, 19, 20, 25, 32, 99, 100, 101, 199, 200, 250, 255];
const PREFIXES = [
  ...OCTETS.flatMap((a) => OCTETS.flatMap((b) => [`${a}.${b}.0.0/16`, `${a}.${b}.10.0/24`, `${a}.${b}.9.0/24`])),
  ...['::/0', '::1/128', '0:0:0:1::/64', '1::/16', '64:ff9b::/96', '200::/7', '2001:db8::/32', '2001:db9::/32'],
  ...['2002::/16', '2a00::/12', '2a02:1::/32', 'f::/16', 'fd00::/8'],
];

function wordsOf(text: string): [shape: number, w0: number, w1: number, w2: number, w3: number] {
  const words = new Uint32Array(4);
  const bytes = Buffer.from(text);
  const shape = parsePrefix(bytes, 0, bytes.length, words);
  return [shape, words[0]!, words[1]!, words[2]!, words[3]!];
}

describe('the order of texts', () => {
  test('of prefixes is that of their numbers', () => {
    const texts = PREFIXES.map((text) => formatPrefix(...wordsOf(text))).sort();
    const orders = texts.map((text) => prefixTextOrder(...wordsOf(text)));
    expect(orders).toEqual(orders.toSorted((a, b) => a - b));
    // it tells most of them apart
    expect(new Set(orders).size).toBeGreaterThan(texts.length * 0.9);
  });

  test('of AS numbers is that of their numbers', () => {
    const numbers = [0, 1, 9, 10, 11, 99, 100, 174, 1740, 3356, 65_535, 65_536, 4_200_000_000, 4_294_967_295];
    const texts = numbers.map(String).sort();
    const orders = texts.map((text) => decimalTextOrder(Number(text)));
    expect(orders).toEqual(orders.toSorted((a, b) => a - b));
  });

  test('chooses the same keys of a tally as their names do', () => {
    for (const most of [1, 2, 3, 1000]) {
      const tally = new Tally();
      for (let key = 0; key < 5000; key++) tally.add((key * 2_654_435_761) >>> 0, 1 + (key % most));
      for (const limit of [1, 20, 400, 5000, 6000]) {
        const all = [...tally.entries()]
          .map(([key, count]) => ({ name: String(key), count }))
          .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
        expect(tally.top(limit, String, decimalTextOrder)).toEqual(all.slice(0, limit));
        expect(tally.top(limit, String)).toEqual(all.slice(0, limit));
      }
    }
  });

  test('and of random keys, up to the greatest, as a plain map ranks them', () => {
    const random = new Random(23);
    for (let round = 0; round < 100; round++) {
      const tally = new Tally();
      const map = new Map<number, number>();
      const [bits, most] = [random.integer(33), 1 + random.integer(600)];
      for (let adds = random.integer(3000); adds >= 0; adds--) {
        const key = random.integer(2 ** bits);
        const count = 1 + random.integer(most);
        tally.add(key, count);
        map.set(key, (map.get(key) ?? 0) + count);
      }
      const all = [...map]
        .map(([key, count]) => ({ name: String(key), count }))
        .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
      expect(tally.size).toBe(map.size);
      for (const limit of [1, 20, 256, 4000])
        expect(tally.top(limit, String, decimalTextOrder)).toEqual(all.slice(0, limit));
    }
  });
});
