import { FEATURE_COUNT } from './catalogue.js';
import type { FeatureBlock, Minute, RowKind } from './row.js';

/**
 * One block of memory from rows in minute order.
 * @throws RangeError when minutes do not rise strictly or rows differ in width
 */
export function blockFromRows(
  rows: readonly { minute: Minute; kind: RowKind; values: ArrayLike<number> }[],
): FeatureBlock {
  const columns = rows[0]?.values.length ?? FEATURE_COUNT;
  const block: FeatureBlock = {
    minutes: new Int32Array(rows.length),
    values: new Float32Array(rows.length * columns),
    columns,
    usable: new Uint8Array(rows.length),
  };
  rows.forEach((row, i) => {
    if (row.values.length !== columns) throw new RangeError(`row ${i} has ${row.values.length} values, not ${columns}`);
    if (i > 0 && row.minute <= block.minutes[i - 1]!) {
      throw new RangeError(`minute ${row.minute} follows ${block.minutes[i - 1]}: minutes must rise`);
    }
    block.minutes[i] = row.minute;
    block.usable[i] = row.kind === 'gap' ? 0 : 1;
    block.values.set(row.values, i * columns);
  });
  return block;
}

/** Rows [from, to) as a view on the same memory. */
export function sliceBlock(block: FeatureBlock, from: number, to: number): FeatureBlock {
  return {
    minutes: block.minutes.subarray(from, to),
    values: block.values.subarray(from * block.columns, to * block.columns),
    columns: block.columns,
    usable: block.usable.subarray(from, to),
  };
}

/** Only the usable rows, copied; windows must not be cut across what was left out. */
export function usableRows(block: FeatureBlock): FeatureBlock {
  let count = 0;
  for (const usable of block.usable) count += usable;
  const { columns } = block;
  const result: FeatureBlock = {
    minutes: new Int32Array(count),
    values: new Float32Array(count * columns),
    columns,
    usable: new Uint8Array(count).fill(1),
  };
  let to = 0;
  for (let row = 0; row < block.minutes.length; row++) {
    if (block.usable[row] === 0) continue;
    result.minutes[to] = block.minutes[row]!;
    result.values.set(block.values.subarray(row * columns, (row + 1) * columns), to++ * columns);
  }
  return result;
}
