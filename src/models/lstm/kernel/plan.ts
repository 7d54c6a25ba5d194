import { type Architecture, parameterCount, weightsOf } from '../architecture.js';

const PAGE = 65_536;
const LANES = 8;
const FLOAT = 4;

export interface PlanSizes {
  rows: number;
  shards: number;
  /** Windows of a shard at most, a multiple of four. */
  shardRows: number;
  threads: number;
  /** Sets of weights that can be held at once. */
  networks: number;
}

/**
 * Where everything lies in the kernel's memory, decided once. Features and units are padded with zeros to multiples of
 * eight; zero weights stay zero in training because their gradients are zero. The fields are those that
 * assembly/plan.ts reads, in its order.
 */
export class Plan {
  readonly features: number;
  readonly hidden: number;
  readonly parameters: number;
  readonly workspaceBytes: number;
  readonly pages: number;
  /** Address of the table itself; the kernel's own constants lie before it, from 512 on (asconfig.json). */
  readonly table = 1024;
  /** Address of the words that threads wait on. */
  readonly control = 0;
  readonly rows: number;
  readonly starts: number;
  readonly counts: number;
  readonly weights: number;
  readonly packed: number;
  readonly packedBytes: number;
  readonly networks: number;
  readonly gradients: number;
  readonly firstMoment: number;
  readonly secondMoment: number;
  readonly losses: number;
  readonly stepWeights: number;
  readonly errors: number;
  readonly workspace: number;

  constructor(
    readonly architecture: Architecture,
    readonly sizes: PlanSizes,
  ) {
    const { steps } = architecture;
    const { shards, shardRows, threads, networks } = sizes;
    const f = (this.features = padded(architecture.features));
    const h = (this.hidden = padded(architecture.hidden));
    const g = 4 * h;
    this.parameters = f * g + h * g + g + 2 * h * g + g + h * f + f;
    this.packedBytes = aligned((f * g + 6 * h * g + 2 * h * f) * FLOAT);
    const n = shardRows;
    const state = (4 * (steps + 1) + 2 * steps + 2) * n * h;
    this.workspaceBytes = aligned((2 * steps * n * f + 2 * steps * n * g + 2 * n * g + state + Math.max(f, g)) * FLOAT);

    let next = 4096;
    const take = (bytes: number): number => {
      const address = next;
      next += aligned(bytes);
      return address;
    };
    this.starts = take(shards * n * 4);
    this.counts = take(shards * 4);
    this.losses = take(shards * 8);
    this.stepWeights = take(steps * FLOAT);
    this.errors = take(shards * n * f * FLOAT);
    this.networks = take(shards * 4);
    this.weights = take(networks * this.parameters * FLOAT);
    this.packed = take(networks * this.packedBytes);
    this.firstMoment = take(this.parameters * FLOAT);
    this.secondMoment = take(this.parameters * FLOAT);
    this.gradients = take(shards * this.parameters * FLOAT);
    this.workspace = take(threads * this.workspaceBytes);
    this.rows = take(sizes.rows * f * FLOAT);
    this.pages = Math.ceil(next / PAGE);
  }

  /** Writes the table into the memory. */
  write(memory: ArrayBufferLike): void {
    new Int32Array(memory, this.table, 18).set([
      this.architecture.steps,
      this.features,
      this.hidden,
      this.sizes.shardRows,
      this.rows,
      this.starts,
      this.counts,
      this.weights,
      this.packed,
      this.gradients,
      this.firstMoment,
      this.secondMoment,
      this.losses,
      this.stepWeights,
      this.errors,
      this.parameters,
      this.workspace,
      this.workspaceBytes,
    ]);
    new Int32Array(memory, this.table + 19 * 4, 2).set([this.networks, this.packedBytes]);
  }

  /** Sets the derivative of the batch's mean squared error for one squared error. */
  setSlope(memory: ArrayBufferLike, windows: number): void {
    const { steps, features } = this.architecture;
    new Float32Array(memory, this.table + 18 * 4, 1)[0] = 2 / (windows * steps * features);
  }

  /** Copies stock weights (gates as wide as `hidden`) to their padded places, or back. */
  copyWeights(stock: Float32Array, inKernel: Float32Array, direction: 'in' | 'out'): void {
    const { features, hidden } = this.architecture;
    let base = 0;
    for (const { name, shape, offset } of weightsOf(this.architecture)) {
      const rows = shape.length === 1 ? 1 : shape[0]!;
      const paddedRows = shape.length === 1 ? 1 : padded(rows);
      const isOutput = name.startsWith('reconstruction');
      const blocks = isOutput ? 1 : 4;
      const width = isOutput ? features : hidden;
      const paddedWidth = padded(width);
      for (let r = 0; r < rows; r++) {
        for (let b = 0; b < blocks; b++) {
          const from = offset + (r * blocks + b) * width;
          const to = base + (r * blocks + b) * paddedWidth;
          if (direction === 'in') inKernel.set(stock.subarray(from, from + width), to);
          else stock.set(inKernel.subarray(to, to + width), from);
        }
      }
      base += paddedRows * blocks * paddedWidth;
    }
  }

  stockParameters(): number {
    return parameterCount(this.architecture);
  }
}

export function padded(count: number): number {
  return Math.ceil(count / LANES) * LANES;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
