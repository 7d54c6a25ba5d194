import { mergeSketches, type Sketch, sketchOf } from './sketch.js';

/** What is kept of one hour of a model's scores (one column) or of a stream's features (a column a feature). */
export interface HourSummary {
  minutes: number;
  anomalous: number;
  /** Anomalous minutes in which a rule was named, by rule. */
  rules: Map<string, number>;
  columns: Sketch[];
}

const FORMAT = 1;

/** @param values [minutes x columns], row-major, not NaN */
export function summarise(
  values: ArrayLike<number>,
  columns: number,
  anomalous = 0,
  rules: Map<string, number> = new Map(),
): HourSummary {
  const minutes = values.length / columns;
  const column = new Float64Array(minutes);
  const sketches: Sketch[] = [];
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < minutes; i++) column[i] = values[i * columns + c]!;
    sketches.push(sketchOf(column));
  }
  return { minutes, anomalous, rules, columns: sketches };
}

/** Adds hours up. An empty list gives a summary of nothing with `columns` empty columns. */
export function mergeSummaries(hours: readonly HourSummary[], columns: number): HourSummary {
  const rules = new Map<string, number>();
  let minutes = 0;
  let anomalous = 0;
  for (const hour of hours) {
    minutes += hour.minutes;
    anomalous += hour.anomalous;
    for (const [rule, count] of hour.rules) rules.set(rule, (rules.get(rule) ?? 0) + count);
  }
  const sketches: Sketch[] = [];
  for (let c = 0; c < columns; c++) sketches.push(mergeSketches(hours.map((hour) => hour.columns[c]!)));
  return { minutes, anomalous, rules, columns: sketches };
}

/**
 * Little-endian: format u8, minutes u16, anomalous u16, columns u16, length of the rules' JSON u32, that JSON; then for
 * each column: bins u16, total u32, sum f64, squares f64, and a pair of bin i16 and count u16 each.
 */
export function encodeSummary(summary: HourSummary): Buffer {
  const rules = Buffer.from(JSON.stringify([...summary.rules]));
  let size = 11 + rules.length;
  for (const column of summary.columns) size += 22 + 4 * column.bins.length;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt8(FORMAT, 0);
  bytes.writeUInt16LE(summary.minutes, 1);
  bytes.writeUInt16LE(summary.anomalous, 3);
  bytes.writeUInt16LE(summary.columns.length, 5);
  bytes.writeUInt32LE(rules.length, 7);
  rules.copy(bytes, 11);
  let at = 11 + rules.length;
  for (const column of summary.columns) {
    bytes.writeUInt16LE(column.bins.length, at);
    bytes.writeUInt32LE(column.total, at + 2);
    bytes.writeDoubleLE(column.sum, at + 6);
    bytes.writeDoubleLE(column.squares, at + 14);
    at += 22;
    for (let i = 0; i < column.bins.length; i++, at += 4) {
      bytes.writeInt16LE(column.bins[i]!, at);
      bytes.writeUInt16LE(column.counts[i]!, at + 2);
    }
  }
  return bytes;
}

/** @throws Error when the bytes are of an unknown format or cut */
export function decodeSummary(bytes: Buffer): HourSummary {
  if (bytes.length < 11 || bytes[0] !== FORMAT)
    throw new Error('hour summary of an unknown format: delete it, it is rebuilt');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint32(7, true);
  const rules = new Map<string, number>(length > 2 ? JSON.parse(bytes.toString('utf8', 11, 11 + length)) : []);
  const columns: Sketch[] = [];
  let at = 11 + length;
  for (let c = view.getUint16(5, true); c > 0; c--) {
    const used = view.getUint16(at, true);
    const sketch: Sketch = {
      bins: new Int16Array(used),
      counts: new Int32Array(used),
      total: view.getUint32(at + 2, true),
      sum: view.getFloat64(at + 6, true),
      squares: view.getFloat64(at + 14, true),
    };
    at += 22;
    for (let i = 0; i < used; i++, at += 4) {
      sketch.bins[i] = view.getInt16(at, true);
      sketch.counts[i] = view.getUint16(at + 2, true);
    }
    columns.push(sketch);
  }
  return { minutes: view.getUint16(1, true), anomalous: view.getUint16(3, true), rules, columns };
}
