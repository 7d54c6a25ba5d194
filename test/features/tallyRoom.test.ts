import { expect, test } from '@jest/globals';
import { Tally } from '../../src/features/tally.js';
import { TallyRoom } from '../../src/features/tallyRoom.js';
import { Random } from '../../src/random/random.js';

/** Adds the same random counts to each. */
function fill(random: Random, tallies: readonly Tally[], adds: number): void {
  const bits = 1 + random.integer(31);
  for (let left = adds; left > 0; left--) {
    const key = random.integer(2 ** bits);
    const count = 1 + random.integer(300);
    for (const tally of tallies) tally.add(key, count);
  }
}

test('tallies that count where others did find the same', () => {
  const random = new Random(5);
  const room = new TallyRoom();
  let reusing = [new Tally(512, undefined, room), new Tally(512, undefined, room)];
  for (let minute = 0; minute < 200; minute++) {
    for (const tally of reusing) {
      const alone = new Tally(512);
      // beyond 512 keys the smallest are given up
      fill(random, [tally, alone], random.integer(1500));
      expect([...tally.entries()]).toEqual([...alone.entries()]);
      expect(tally.top(20, String)).toEqual(alone.top(20, String));
    }
    const next = reusing.map((tally) => tally.next());
    for (const tally of reusing) tally.release();
    expect(reusing.map(({ size }) => size)).toEqual([0, 0]);
    expect(reusing[0]!.get(1)).toBe(0);
    reusing = next;
  }
});

test('keeps 4 MB at most, and gives no columns twice', () => {
  const room = new TallyRoom();
  const taken = Array.from({ length: 40 }, () => room.take(131_072));
  for (const columns of taken) room.give(columns);
  const again = Array.from({ length: 40 }, () => room.take(131_072));
  expect(new Set(again).size).toBe(40);
  expect(again.filter((columns) => taken.includes(columns))).toHaveLength(3);
  for (const { slots } of again) expect(slots.every((slot) => slot === 0)).toBe(true);
});
