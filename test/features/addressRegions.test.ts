import { describe, expect, test } from '@jest/globals';
import { AddressRegions } from '../../src/features/routes/addressRegions.js';

/** 100 networks in regions 1 and 2, 100 in 3 and 4, and 800 elsewhere. */
function world(): AddressRegions {
  const regions = new AddressRegions();
  for (let network = 1; network <= 1000; network++) {
    const own = network <= 100 ? [1, 2] : network <= 200 ? [3, 4] : [10 + (network % 20)];
    for (const region of own) regions.add(network, region);
  }
  return regions;
}

describe('regions of the address space', () => {
  test('that the same networks are in belong together, others do not', () => {
    const regions = world();
    expect(regions.company(1, [2])).toBeGreaterThan(3);
    expect(regions.company(1, [3])).toBeLessThan(-3);
    expect(regions.company(1, [3, 2])).toBe(regions.company(1, [2]));
  });

  test('of which little is known say nothing', () => {
    const regions = world();
    regions.add(5000, 99);
    expect(regions.company(99, [1])).toBeNull();
    expect(regions.company(1, [99])).toBeNull();
    expect(regions.company(1, [])).toBeNull();
  });

  test('are as before when a prefix came and went, and a network that is everywhere says nothing', () => {
    const regions = world();
    const before = regions.company(1, [3]);
    regions.add(1, 3);
    expect(regions.company(1, [3])).toBeGreaterThan(before!);
    regions.remove(1, 3);
    expect(regions.company(1, [3])).toBe(before);
    for (let region = 1; region <= 17; region++) regions.add(7000, region);
    expect(regions.company(1, [3])).toBe(before);
    for (let region = 1; region <= 17; region++) regions.remove(7000, region);
    expect(regions.company(1, [3])).toBe(before);
  });
});
