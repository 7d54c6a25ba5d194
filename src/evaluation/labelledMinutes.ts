import { FEATURE_COUNT, type FeatureBlock, MINUTES_PER_DAY } from '../features/row.js';

/** Feature rows with what people said of each: 1 anomalous, 0 regular. */
export interface LabelledMinutes {
  block: FeatureBlock;
  /** [rows] */
  labels: Uint8Array;
  /** Lines that held no row of the format and were skipped, with the first as a sample. */
  skipped: number;
  sample: string | null;
}

const CLOCK_COLUMNS = 4;
const LONGEST_JUMP = 12 * 60;

/**
 * Reads the format of the published BGP data sets: no header, comma separated; hour+minute, hour, minute, second, the
 * 37 features, the label (1 anomalous, anything else regular). The clock wraps at midnight; minutes that it jumps over
 * are missing minutes.
 * @throws Error when no line is such a row
 */
export function readLabelledMinutes(text: string): LabelledMinutes {
  const minutes: number[] = [];
  const values: number[] = [];
  const labels: number[] = [];
  let skipped = 0;
  let sample: string | null = null;
  let clockBefore = 0;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const cells = line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)));
    if (cells.length !== CLOCK_COLUMNS + FEATURE_COUNT + 1 || cells.some((cell) => !Number.isFinite(cell))) {
      skipped++;
      sample ??= line.slice(0, 120);
      continue;
    }
    const clock = cells[1]! * 60 + cells[2]!;
    const step = (((clock - clockBefore) % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY;
    const before = minutes.at(-1);
    minutes.push(before === undefined ? clock : before + (step >= 1 && step <= LONGEST_JUMP ? step : 1));
    clockBefore = clock;
    for (let c = 0; c < FEATURE_COUNT; c++) values.push(cells[CLOCK_COLUMNS + c]!);
    labels.push(cells.at(-1) === 1 ? 1 : 0);
  }
  if (minutes.length === 0) {
    throw new Error(
      `no line has ${CLOCK_COLUMNS + FEATURE_COUNT + 1} numbers: expected hour+minute, hour, minute, second, ` +
        `${FEATURE_COUNT} features and the label, without a header${sample === null ? '' : `; first line: ${sample}`}`,
    );
  }
  return {
    block: {
      minutes: Int32Array.from(minutes),
      values: Float32Array.from(values),
      columns: FEATURE_COUNT,
      usable: new Uint8Array(minutes.length).fill(1),
    },
    labels: Uint8Array.from(labels),
    skipped,
    sample,
  };
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

/**
 * How many of the first rows to train on: up to one day before the first labelled row, so that an ordinary day is
 * tested too; two thirds of what there is where that leaves less than half a day; half of the rows without any label.
 * This is all that labels decide.
 */
export function trainingRows(labels: Uint8Array): number {
  const first = labels.indexOf(1);
  if (first < 0) return Math.floor(labels.length / 2);
  const dayBefore = first - MINUTES_PER_DAY;
  return dayBefore >= MINUTES_PER_DAY / 2 ? dayBefore : Math.floor((first * 2) / 3);
}
