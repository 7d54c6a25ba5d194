import { seededRandom } from '../../random/sfc32.js';

/**
 * Isolation forest of Liu, Ting, Zhou (ICDM 2008), in flat arrays. The right child of a node is the one after its left
 * child; a leaf is its own left child with an unreachable split, so that scoring walks a fixed number of steps without
 * a branch. Node 0 of each tree is its root; children are numbered within the forest.
 */
export interface Forest {
  columns: number;
  trees: number;
  /** Rows each tree was grown on. */
  sample: number;
  /** Deepest node: ceil(log2(sample)). */
  depth: number;
  /** [trees] first node of each tree */
  roots: Int32Array;
  /** [nodes] column of the split, 0 at a leaf */
  feature: Uint16Array;
  /** [nodes] rows at or above go right; infinity at a leaf */
  split: Float32Array;
  /** [nodes] left child; the node itself at a leaf */
  left: Int32Array;
  /** [nodes] training rows that reached the node */
  size: Uint16Array;
  /** [nodes] path length of a row that ends here: depth + c(size); 0 inside */
  path: Float32Array;
}

export interface ForestOptions {
  trees: number;
  sample: number;
  seed: number;
}

const EULER = 0.5772156649015329;

/** c(n): average path length of an unsuccessful search in a binary search tree of n rows (equation 1 of the paper). */
export function averagePathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** Splits on the way of a row at most, for trees of so many rows: no more tells outliers apart (section 3 of the paper). */
export function depthOf(sample: number): number {
  return Math.max(1, Math.ceil(Math.log2(Math.max(2, sample))));
}

/** Grows a forest on `rows` rows of [rows x columns]; the same data, options and seed give the same forest. */
export function growForest(values: Float32Array, rows: number, columns: number, options: ForestOptions): Forest {
  const random = seededRandom(options.seed);
  const sample = Math.min(options.sample, rows);
  const depth = depthOf(sample);
  const most = options.trees * (2 * sample - 1);
  const feature = new Uint16Array(most);
  const split = new Float32Array(most).fill(Number.POSITIVE_INFINITY);
  const left = new Int32Array(most);
  const size = new Uint16Array(most);
  const path = new Float32Array(most);
  const roots = new Int32Array(options.trees);
  const pool = Int32Array.from({ length: rows }, (_, i) => i);
  const grown = new Float32Array(sample * columns);
  const order = new Int32Array(sample);
  const begin = new Int32Array(most);
  const level = new Uint8Array(most);
  const candidates = Int32Array.from({ length: columns }, (_, i) => i);
  let nodes = 0;
  for (let tree = 0; tree < options.trees; tree++) {
    for (let i = 0; i < sample; i++) {
      const pick = i + Math.floor(random() * (rows - i));
      const row = pool[pick]!;
      pool[pick] = pool[i]!;
      pool[i] = row;
      order[i] = i;
      for (let c = 0; c < columns; c++) grown[i * columns + c] = values[row * columns + c]!;
    }
    roots[tree] = nodes;
    begin[nodes] = 0;
    level[nodes] = 0;
    size[nodes] = sample;
    let end = nodes + 1;
    for (let node = nodes; node < end; node++) {
      const from = begin[node]!;
      const count = size[node]!;
      left[node] = node;
      let column = -1;
      let low = 0;
      let high = 0;
      if (count > 1 && level[node]! < depth) {
        // Columns that are constant among these rows cannot split them: draw another until one can.
        for (let tried = 0; tried < columns && column < 0; tried++) {
          const pick = tried + Math.floor(random() * (columns - tried));
          const candidate = candidates[pick]!;
          candidates[pick] = candidates[tried]!;
          candidates[tried] = candidate;
          low = high = grown[order[from]! * columns + candidate]!;
          for (let i = from + 1; i < from + count; i++) {
            const value = grown[order[i]! * columns + candidate]!;
            if (value < low) low = value;
            else if (value > high) high = value;
          }
          if (high > low) column = candidate;
        }
      }
      if (column < 0) {
        path[node] = level[node]! + averagePathLength(count);
        continue;
      }
      // In (low, high]: both sides are never empty, also after rounding to 32 bits.
      let at = Math.fround(high - random() * (high - low));
      if (!(at > low)) at = high;
      feature[node] = column;
      split[node] = at;
      let i = from;
      let j = from + count - 1;
      while (i <= j) {
        if (grown[order[i]! * columns + column]! < at) i++;
        else {
          const swap = order[i]!;
          order[i] = order[j]!;
          order[j] = swap;
          j--;
        }
      }
      left[node] = end;
      begin[end] = from;
      size[end] = i - from;
      begin[end + 1] = i;
      size[end + 1] = from + count - i;
      level[end] = level[end + 1] = level[node]! + 1;
      end += 2;
    }
    nodes = end;
  }
  return {
    columns,
    trees: options.trees,
    sample,
    depth,
    roots,
    feature: feature.slice(0, nodes),
    split: split.slice(0, nodes),
    left: left.slice(0, nodes),
    size: size.slice(0, nodes),
    path: path.slice(0, nodes),
  };
}

/** Rows that are walked down all trees together: few enough for their values to stay in the cache. */
const BLOCK = 64;

/**
 * Scores s = 2^(-E[h] / c(sample)) of the paper (equation 2), 0..1, higher is more anomalous.
 * @param values [rows x columns]
 * @returns [rows]
 */
export function scoreForest(forest: Forest, values: Float32Array, rows: number): Float64Array {
  const { columns, trees, depth, roots, feature, split, left, path } = forest;
  const sums = new Float64Array(rows);
  for (let first = 0; first < rows; first += BLOCK) {
    const end = Math.min(rows, first + BLOCK);
    for (let tree = 0; tree < trees; tree++) {
      const root = roots[tree]!;
      let row = first;
      // Four rows at a time: their walks do not wait for one another. `Number` of a comparison compiles without a jump,
      // which a conditional expression does not: half of such jumps are guessed wrong, and scoring takes four times as long.
      for (; row + 3 < end; row += 4) {
        const a = row * columns;
        const b = a + columns;
        const c = b + columns;
        const d = c + columns;
        let na = root;
        let nb = root;
        let nc = root;
        let nd = root;
        for (let step = 0; step < depth; step++) {
          na = left[na]! + Number(values[a + feature[na]!]! >= split[na]!);
          nb = left[nb]! + Number(values[b + feature[nb]!]! >= split[nb]!);
          nc = left[nc]! + Number(values[c + feature[nc]!]! >= split[nc]!);
          nd = left[nd]! + Number(values[d + feature[nd]!]! >= split[nd]!);
        }
        sums[row]! += path[na]!;
        sums[row + 1]! += path[nb]!;
        sums[row + 2]! += path[nc]!;
        sums[row + 3]! += path[nd]!;
      }
      for (; row < end; row++) {
        let node = root;
        for (let step = 0; step < depth; step++) {
          node = left[node]! + Number(values[row * columns + feature[node]!]! >= split[node]!);
        }
        sums[row]! += path[node]!;
      }
    }
  }
  const normal = trees * Math.max(1e-12, averagePathLength(forest.sample));
  for (let row = 0; row < rows; row++) sums[row] = 2 ** (-sums[row]! / normal);
  return sums;
}

/**
 * Which columns isolated a row: each split on its way is credited with the bits by which it narrowed the rows down
 * beyond an even cut.
 * @param values one row, [columns]
 * @returns [columns], none negative
 */
export function isolatingColumns(forest: Forest, values: Float32Array): Float64Array {
  const credit = new Float64Array(forest.columns);
  for (let tree = 0; tree < forest.trees; tree++) {
    let node = forest.roots[tree]!;
    while (forest.left[node]! !== node) {
      const column = forest.feature[node]!;
      const child = forest.left[node]! + Number(values[column]! >= forest.split[node]!);
      credit[column]! += Math.log2(forest.size[node]! / forest.size[child]!) - 1;
      node = child;
    }
  }
  return credit.map((c) => Math.max(0, c));
}
