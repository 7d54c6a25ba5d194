import { expect, test } from '@jest/globals';
import { findService } from '../../src/services/catalogue.js';
import { largePages } from '../../src/services/largePages.js';

const ASKED = 'glibc.malloc.hugetlb=1';

test('only the aggregator, which holds the routes, asks for large pages', () => {
  expect(largePages(findService('aggregator'), {})).toEqual({ GLIBC_TUNABLES: ASKED });
  expect(largePages(findService('collector'), {})).toEqual({});
});

test('what the operator set stays', () => {
  const aggregator = findService('aggregator');
  const others = 'glibc.malloc.arena_max=2';
  expect(largePages(aggregator, { GLIBC_TUNABLES: others })).toEqual({ GLIBC_TUNABLES: `${others}:${ASKED}` });
  const off = 'glibc.malloc.hugetlb=0';
  expect(largePages(aggregator, { GLIBC_TUNABLES: off })).toEqual({ GLIBC_TUNABLES: off });
});
