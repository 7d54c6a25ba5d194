import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { FEATURES, featureIndex, PUBLISHED_FEATURES } from '../../src/features/catalogue.js';
import { cataloguePage } from '../../src/features/cataloguePage.js';
import { blockFromRows, sliceBlock, usableRows } from '../../src/features/featureBlock.js';

test('docs/features.md is what the catalogue gives', () => {
  expect(readFileSync('docs/features.md', 'utf8')).toBe(cataloguePage());
});

test('the 37 features stand in the columns of the published data sets', () => {
  expect(PUBLISHED_FEATURES).toBe(37);
  expect(new Set(FEATURES.map((feature) => feature.name)).size).toBe(FEATURES.length);
  const columns: Record<string, number> = {
    announcements: 5,
    average_as_path_length: 9,
    duplicate_withdrawals: 14,
    arrival_rate: 16,
    maximum_as_path_length_is_11: 18,
    maximum_edit_distance_is_16: 37,
    average_packet_size: 41,
  };
  for (const [name, column] of Object.entries(columns)) expect(FEATURES[featureIndex(name)]!.column).toBe(column);
  expect(() => featureIndex('speed')).toThrow(RangeError);
});

test('blocks of rows', () => {
  const values = [1, 2];
  const rows = [
    { minute: 5, kind: 'observed' as const, values },
    { minute: 6, kind: 'gap' as const, values: [0, 0] },
    { minute: 8, kind: 'healed' as const, values: [3, 4] },
  ];
  const block = blockFromRows(rows);
  expect([...block.usable]).toEqual([1, 0, 1]);
  expect([...sliceBlock(block, 2, 3).values]).toEqual([3, 4]);
  expect([...usableRows(block).minutes]).toEqual([5, 8]);
  expect(() => blockFromRows([rows[2]!, rows[0]!])).toThrow('minutes must rise');
  expect(() => blockFromRows([rows[0]!, { ...rows[2]!, values: [1] }])).toThrow('has 1 values');
});
