import { expect, test } from '@jest/globals';
import { type ServiceRow, withoutReplaced } from '../../src/storage/services.js';

const row = (name: string, pid: number, silent: number, change: Partial<ServiceRow> = {}): ServiceRow => ({
  instance: `${name}.${pid}`,
  name,
  host: 'here',
  pid,
  state: 'running',
  detail: {},
  restarts: 0,
  startedAt: new Date(0),
  heartbeatAt: new Date(1e12 - silent * 1000),
  heartbeatAge: silent,
  ...change,
});
const shown = (...rows: ServiceRow[]) => withoutReplaced(rows, 10).map(({ pid }) => pid);

test('what a killed supervisor left is listed until its successor beats', () => {
  expect(shown(row('collector', 1, 60), row('trainer', 2, 60))).toEqual([1, 2]);
  expect(shown(row('collector', 1, 60), row('trainer', 2, 60), row('collector', 3, 1))).toEqual([2, 3]);
});

test('two that beat are two, and another machine does not take the place of one', () => {
  expect(shown(row('trainer', 1, 1), row('trainer', 2, 2))).toEqual([1, 2]);
  expect(shown(row('trainer', 1, 60), row('trainer', 2, 1, { host: 'elsewhere' }))).toEqual([1, 2]);
});

test('one that ended in order gives way as well', () => {
  expect(shown(row('trainer', 1, 3, { state: 'stopped' }), row('trainer', 2, 1))).toEqual([2]);
});
