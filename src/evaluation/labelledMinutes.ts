import { PUBLISHED_FEATURES } from '../features/catalogue.js';
import { type FeatureBlock, MINUTES_PER_DAY } from '../features/row.js';

/** Feature rows with what people said of each: 1 anomalous, 0 regular. */
export interface LabelledMinutes {
  block: FeatureBlock;
  /** [rows] */
  labels: Uint8Array;
  /** Lines that held no row of the format and were skipped, with the first as a sample. */
  skipped: number;
  sample: string | null;
}

/** A file that is not of the format; the message says where and what was expected. */
export class BadLabelledFile extends Error {}

const CLOCK_COLUMNS = 4;
const LONGEST_JUMP = 12 * 60;
/** Cells of a line, with and without the clock before the features and the label behind them. */
const SHAPES = [
  { cells: CLOCK_COLUMNS + PUBLISHED_FEATURES + 1, clock: true, label: true },
  { cells: CLOCK_COLUMNS + PUBLISHED_FEATURES, clock: true, label: false },
  { cells: PUBLISHED_FEATURES + 1, clock: false, label: true },
  { cells: PUBLISHED_FEATURES, clock: false, label: false },
];

/**
 * Reads the format of the published BGP data sets: hour+minute, hour, minute, second, the 37 features, the label (1
 * anomalous, -1 or 0 regular), separated by commas, semicolons, tabs or blanks. A line of names at the top is passed over. The
 * clock wraps at midnight; minutes that it jumps over are missing minutes. Without the clock each line is the next
 * minute, without the label nothing is labelled; the first line of numbers decides for the file.
 * @throws BadLabelledFile when no line is such a row, or for a label that says neither
 */
export function readLabelledMinutes(text: string): LabelledMinutes {
  const minutes: number[] = [];
  const values: number[] = [];
  const labels: number[] = [];
  let skipped = 0;
  let sample: string | null = null;
  let clockBefore = 0;
  let shape: (typeof SHAPES)[number] | undefined;
  let names = true;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.replace('\ufeff', '').trim() === '') continue;
    const cells = cellsOf(line);
    const header: boolean = names && cells.every((cell) => !Number.isFinite(cell));
    names = false;
    const finite = cells.every((cell) => Number.isFinite(cell));
    if (finite) shape ??= SHAPES.find((known) => known.cells === cells.length);
    if (!finite || shape === undefined || cells.length !== shape.cells) {
      sample ??= line.slice(0, 120);
      if (header) continue;
      skipped++;
      continue;
    }
    const before = minutes.at(-1);
    if (shape.clock) {
      const clock = cells[1]! * 60 + cells[2]!;
      const step = (((clock - clockBefore) % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY;
      minutes.push(before === undefined ? clock : before + (step >= 1 && step <= LONGEST_JUMP ? step : 1));
      clockBefore = clock;
    } else minutes.push(before === undefined ? 0 : before + 1);
    const first = shape.clock ? CLOCK_COLUMNS : 0;
    for (let c = 0; c < PUBLISHED_FEATURES; c++) values.push(cells[first + c]!);
    labels.push(shape.label ? labelOf(cells.at(-1)!, at + 1) : 0);
  }
  if (minutes.length === 0) {
    throw new BadLabelledFile(
      `no line has ${SHAPES[0]!.cells} numbers: expected hour+minute, hour, minute, second, ` +
        `${PUBLISHED_FEATURES} features and the label, separated by commas (clock and label may be absent)` +
        `${sample === null ? '; the file is empty' : `; first line: ${sample}`}`,
    );
  }
  return {
    block: {
      minutes: Int32Array.from(minutes),
      values: Float32Array.from(values),
      columns: PUBLISHED_FEATURES,
      usable: new Uint8Array(minutes.length).fill(1),
    },
    labels: Uint8Array.from(labels),
    skipped,
    sample: skipped === 0 ? null : sample,
  };
}

function cellsOf(line: string): number[] {
  const text = line.replace('\ufeff', '').trim();
  const separator = text.includes(',') ? ',' : text.includes(';') ? ';' : /\s+/;
  return text.split(separator).map((cell) => {
    const bare = cell
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim();
    return bare === '' ? Number.NaN : Number(bare);
  });
}

function labelOf(cell: number, line: number): number {
  if (cell === 1) return 1;
  if (cell === 0 || cell === -1) return 0;
  throw new BadLabelledFile(`line ${line}: the label is ${cell}, expected 1 (anomalous) or -1 or 0 (regular)`);
}

/** Rows `from` .. `to` (exclusive) of a block, in the same memory. */
export function rowsOf(block: FeatureBlock, from: number, to: number): FeatureBlock {
  return {
    minutes: block.minutes.subarray(from, to),
    values: block.values.subarray(from * block.columns, to * block.columns),
    columns: block.columns,
    usable: block.usable.subarray(from, to),
  };
}

/** Rows that every kind can be trained on. */
const ENOUGH = 480;

/**
 * How many of the first rows to train on: up to one day before the first labelled row, so that an ordinary day is
 * tested too; two thirds of what there is where that leaves less than half a day, but enough for every kind as far as they go; half
 * of the rows without any label. This is all that labels decide.
 */
export function trainingRows(labels: Uint8Array): number {
  const first = labels.indexOf(1);
  if (first < 0) return Math.floor(labels.length / 2);
  const dayBefore = first - MINUTES_PER_DAY;
  if (dayBefore >= MINUTES_PER_DAY / 2) return dayBefore;
  return Math.min(first, Math.max(ENOUGH, Math.floor((first * 2) / 3)));
}
