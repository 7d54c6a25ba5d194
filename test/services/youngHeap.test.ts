import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { findService, SERVICES } from '../../src/services/catalogue.js';
import { youngHeap } from '../../src/services/youngHeap.js';

const greatestMiB = (flags: string[]): number =>
  Number(
    execFileSync(process.execPath, [
      ...flags,
      '-e',
      `const { getHeapSpaceStatistics } = require('v8');
       let kept = [];
       for (let i = 0; i < 3e6; i++) { kept.push({ i }); if (kept.length > 2e5) kept = []; }
       const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
       console.log(young.space_size / 2 ** 20);`,
    ]),
  );

test('the trainer alone has a young generation of the size that Node chooses', () => {
  const large = SERVICES.filter((service) => youngHeap(service).length === 0).map(({ name }) => name);
  expect(large).toEqual(['trainer']);
  expect(youngHeap(findService('collector'))).toEqual(youngHeap(findService('aggregator')));
  const small = youngHeap(findService('alerter'));
  expect(greatestMiB(small)).toBeLessThanOrEqual(4);
  expect(greatestMiB([])).toBeGreaterThan(4);
});
