import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LabelledMinutes, readLabelledMinutes } from '../../src/evaluation/labelledMinutes.js';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { DATA } from '../drift/recorded.js';
import { scale } from '../drift/shifts.js';

/** Recordings laid end to end: each begins a regime of its own. */
export interface RegimeSeries {
  name: string;
  block: FeatureBlock;
  /** [rows] 1 in a labelled event */
  labels: Uint8Array;
  /** Rows at which the traffic changes for good. */
  boundaries: number[];
}

interface Part {
  file: string;
  /** Days taken; the recording is repeated from its ordinary rows when it is shorter. */
  days: number;
  /** Factor on all that grows with traffic. */
  times?: number;
  /** Labelled rows are left out. */
  ordinary?: boolean;
}

const FIRST_WEEK: Part = { file: 'RIPE_regular.csv', days: 8, ordinary: true };
const part = (file: string, days = 5): Part => ({ file, days });
const scaled = (name: string, times: number) => ({
  name,
  parts: [FIRST_WEEK, { file: 'RIPE_regular.csv', days: 5, ordinary: true, times }, part('Slammer.csv')],
});

/** Orders of the shared recordings, and the same week at another level. */
export const ORDERS: readonly { name: string; parts: readonly Part[] }[] = [
  {
    name: 'years',
    parts: [
      { file: 'Nimda.csv', days: 8, ordinary: true },
      part('Code_Red_I.csv'),
      part('Slammer.csv'),
      part('TTNet_leak_2004.csv'),
      part('Malaysia_leak_2015.csv'),
    ],
  },
  {
    name: 'back',
    parts: [
      { file: 'Malaysia_leak_2015.csv', days: 8, ordinary: true },
      part('Nimda.csv', 6),
      part('TTNet_leak_2004.csv'),
      part('Slammer.csv'),
      { file: 'BCNET_regular.csv', days: 4, ordinary: true },
    ],
  },
  scaled('times 2', 2),
  scaled('times 5', 5),
  scaled('times 10', 10),
  scaled('half', 0.5),
  scaled('one peer of four gone', 0.75),
];

const PART = /^(\w+) (\d+)(?: times ([\d.]+))?$/;

/**
 * An order of one's own, such as `Nimda 8, Slammer 5 times 3`: recording, days, level. The first part is ordinary.
 * @throws RangeError where a part is written otherwise
 */
export function orderOf(name: string): (typeof ORDERS)[number] {
  const parts = name.split(',').map((written, at): Part => {
    const [, file, days, times] = PART.exec(written.trim()) ?? [];
    if (file === undefined) throw new RangeError(`"${written.trim()}" is not RECORDING DAYS [times FACTOR]`);
    return { file: `${file}.csv`, days: Number(days), times: Number(times ?? 1), ordinary: at === 0 };
  });
  return { name, parts };
}

function rowsOf({ file, days, times = 1, ordinary = false }: Part): { values: Float32Array; labels: number[] } {
  const { block, labels } = readLabelledMinutes(readFileSync(join(DATA, file), 'utf8'));
  const all = [...labels.keys()];
  const regular = all.filter((row) => labels[row] === 0);
  const source = ordinary ? regular : all;
  const rows = days * MINUTES_PER_DAY;
  const taken = Array.from({ length: rows }, (_, row) =>
    row < source.length ? source[row]! : regular[(row - source.length) % regular.length]!,
  );
  const values = new Float32Array(rows * FEATURE_COUNT);
  for (const [to, from] of taken.entries()) {
    values.set(block.values.subarray(from * FEATURE_COUNT, (from + 1) * FEATURE_COUNT), to * FEATURE_COUNT);
  }
  const made = { minutes: new Int32Array(rows), values, columns: FEATURE_COUNT, usable: new Uint8Array(rows) };
  if (times !== 1) for (let row = 0; row < rows; row++) scale(made, row, times);
  return { values, labels: taken.map((row, at) => (at < source.length ? labels[row]! : 0)) };
}

export function seriesOf({ name, parts }: (typeof ORDERS)[number]): RegimeSeries {
  const read = parts.map(rowsOf);
  const rows = read.reduce((sum, { labels }) => sum + labels.length, 0);
  const values = new Float32Array(rows * FEATURE_COUNT);
  const boundaries: number[] = [];
  const labels: number[] = [];
  for (const one of read) {
    if (labels.length > 0) boundaries.push(labels.length);
    values.set(one.values, labels.length * FEATURE_COUNT);
    for (const label of one.labels) labels.push(label);
  }
  return { name, block: consecutive(values), labels: Uint8Array.from(labels), boundaries };
}

/** Midnight, at which every series begins. */
const START = Date.UTC(2026, 0, 5) / 60_000;

function consecutive(values: Float32Array): FeatureBlock {
  const rows = values.length / FEATURE_COUNT;
  return {
    minutes: Int32Array.from({ length: rows }, (_, row) => START + row),
    values,
    columns: FEATURE_COUNT,
    usable: new Uint8Array(rows).fill(1),
  };
}

/**
 * A file of one's own: its rows are taken as consecutive minutes.
 * @param days how many of its days are walked; all without it
 * @throws RangeError when a boundary lies outside of the walked rows
 */
export function seriesOfFile(path: string, boundaries: readonly number[], days?: number): RegimeSeries {
  const read: LabelledMinutes = readLabelledMinutes(readFileSync(path, 'utf8'));
  const rows = Math.min(read.labels.length, days === undefined ? Number.POSITIVE_INFINITY : days * MINUTES_PER_DAY);
  const outside = boundaries.find((row) => !(row > 0 && row < rows));
  if (outside !== undefined) throw new RangeError(`boundary ${outside} is not within the ${rows} minutes walked`);
  return {
    name: path,
    block: consecutive(read.block.values.slice(0, rows * FEATURE_COUNT)),
    labels: read.labels.slice(0, rows),
    boundaries: [...boundaries].sort((a, b) => a - b),
  };
}
