import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURE_COUNT } from '../../src/features/catalogue.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { START } from './ordinary.js';

export const DATA = join('..', 'shared', 'data', 'features');
/** Ordinary minutes: whole files, or the rows before the labelled event. */
export const RECORDED = [
  { file: 'RIPE_regular.csv', rows: 7196 },
  { file: 'Slammer.csv', rows: 3210 },
  { file: 'Nimda.csv', rows: 3672 },
];
const BLOCK = 360;

export interface Recording {
  /** [rows x FEATURE_COUNT] */
  values: Float32Array;
  /** Rows of each six hours of the day that begin a whole block. */
  starts: number[][];
}

/** @param rows of the file that are ordinary, from its start */
export function loadRecording(file: string, rows: number): Recording {
  const lines = readFileSync(join(DATA, file), 'utf8').trim().split('\n').slice(0, rows);
  const values = new Float32Array(lines.length * FEATURE_COUNT);
  const starts: number[][] = Array.from({ length: MINUTES_PER_DAY / BLOCK }, () => []);
  for (const [row, line] of lines.entries()) {
    const cells = line.split(',').map(Number);
    values.set(cells.slice(4, 4 + FEATURE_COUNT), row * FEATURE_COUNT);
    const minute = cells[1]! * 60 + cells[2]!;
    // Any start within the hour of the slot: the rhythm stays, the blocks differ.
    const slot = Math.round(minute / BLOCK) % starts.length;
    const away = Math.abs(minute - Math.round(minute / BLOCK) * BLOCK);
    if (away <= 60 && row + BLOCK <= lines.length) starts[slot]!.push(row);
  }
  return { values, starts };
}

/** Ordinary days, drawn in blocks of six hours from the source's days at the same time of day. */
export function bootstrap(source: Recording, days: number, random: () => number): FeatureBlock {
  const rows = days * MINUTES_PER_DAY;
  const values = new Float32Array(rows * FEATURE_COUNT);
  for (let row = 0, block = 0; row < rows; row += BLOCK, block++) {
    const starts = source.starts[block % source.starts.length]!;
    const from = starts[Math.floor(random() * starts.length)]!;
    values.set(source.values.subarray(from * FEATURE_COUNT, (from + BLOCK) * FEATURE_COUNT), row * FEATURE_COUNT);
  }
  return {
    minutes: Int32Array.from({ length: rows }, (_, row) => START + row),
    values,
    columns: FEATURE_COUNT,
    usable: new Uint8Array(rows).fill(1),
  };
}
