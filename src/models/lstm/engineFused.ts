import type { Architecture } from './architecture.js';
import { ADAM, type Engine, type Session, type SessionOptions } from './engine.js';
import { Crew, TASK } from './kernel/crew.js';
import { compileKernel, type Kernel, startKernel } from './kernel/kernel.js';
import { Plan } from './kernel/plan.js';

/** Windows that one thread takes at a time: their activations fit the second-level cache. */
const SHARD = 16;

/** The engine of our own WebAssembly kernel; docs/lstm-kernel.md explains it. */
export class FusedEngine implements Engine {
  readonly name = 'fused';
  #module: Promise<WebAssembly.Module> | undefined;

  async open(architecture: Architecture, options: SessionOptions): Promise<Session> {
    this.#module ??= compileKernel();
    const module = await this.#module;
    const shards = Math.ceil(options.batch / SHARD);
    const threads = Math.max(1, Math.min(options.threads, shards));
    const plan = new Plan(architecture, {
      rows: options.rows,
      shards,
      shardRows: SHARD,
      threads,
      networks: options.networks ?? 1,
    });
    const memory = new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages, shared: true });
    plan.write(memory.buffer);
    const kernel = startKernel(module, memory);
    if (kernel.workspaceSize(plan.table) > plan.workspaceBytes) throw new Error('the LSTM memory plan is too small');
    return new FusedSession(plan, memory, kernel, new Crew(module, memory, kernel, plan), options.clip);
  }
}

class FusedSession implements Session {
  readonly #starts: Int32Array;
  readonly #counts: Int32Array;
  readonly #networks: Int32Array;
  readonly #losses: Float64Array;
  readonly #weights: Float32Array;
  #step = 0;

  constructor(
    readonly plan: Plan,
    readonly memory: WebAssembly.Memory,
    readonly kernel: Kernel,
    readonly crew: Crew,
    readonly clip: number,
  ) {
    const { shards, shardRows } = plan.sizes;
    const { buffer } = memory;
    this.#starts = new Int32Array(buffer, plan.starts, shards * shardRows);
    this.#counts = new Int32Array(buffer, plan.counts, shards);
    this.#networks = new Int32Array(buffer, plan.networks, shards);
    this.#losses = new Float64Array(buffer, plan.losses, shards);
    this.#weights = this.#weightsOf(0);
  }

  setRows(rows: Float32Array, first = 0): void {
    const { features } = this.plan.architecture;
    const width = this.plan.features;
    const count = rows.length / features;
    if (first + count > this.plan.sizes.rows) {
      throw new RangeError(`${first + count} rows, planned for ${this.plan.sizes.rows}`);
    }
    const target = new Float32Array(this.memory.buffer, this.plan.rows + first * width * 4, count * width);
    if (width === features) target.set(rows);
    else for (let r = 0; r < count; r++) target.set(rows.subarray(r * features, (r + 1) * features), r * width);
  }

  setWeights(weights: Float32Array, network = 0): void {
    if (network >= this.plan.sizes.networks) throw new RangeError(`network ${network} was not planned for`);
    const inKernel = this.#weightsOf(network).fill(0);
    this.plan.copyWeights(weights, inKernel, 'in');
    this.kernel.packWeights(this.plan.table, network);
    if (network > 0) return;
    new Float32Array(this.memory.buffer, this.plan.firstMoment, this.plan.parameters).fill(0);
    new Float32Array(this.memory.buffer, this.plan.secondMoment, this.plan.parameters).fill(0);
    this.#step = 0;
  }

  weights(): Float32Array {
    const stock = new Float32Array(this.plan.stockParameters());
    this.plan.copyWeights(stock, this.#weights, 'out');
    return stock;
  }

  async train(starts: Int32Array, learningRate: number): Promise<number> {
    const { table } = this.plan;
    const { loss, norm } = this.#gradient(starts);
    this.#step++;
    const correction1 = 1 - ADAM.beta1 ** this.#step;
    const root2 = Math.sqrt(1 - ADAM.beta2 ** this.#step);
    const factor = norm > this.clip ? this.clip / norm : 1;
    const rate = (learningRate * root2) / correction1;
    this.kernel.adam(table, factor, rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon * root2);
    this.kernel.packWeights(table, 0);
    return loss;
  }

  /** Mean squared error and its gradient, unclipped, in the order of the weights: for tests. */
  gradient(starts: Int32Array): { loss: number; gradient: Float32Array } {
    const { loss } = this.#gradient(starts);
    const gradient = new Float32Array(this.plan.stockParameters());
    const { gradients, parameters } = this.plan;
    this.plan.copyWeights(gradient, new Float32Array(this.memory.buffer, gradients, parameters), 'out');
    return { loss, gradient };
  }

  async errors(starts: Int32Array, stepWeights: Float32Array, networks?: Int32Array): Promise<Float32Array> {
    const { steps, features } = this.plan.architecture;
    const { shards, shardRows } = this.plan.sizes;
    const width = this.plan.features;
    new Float32Array(this.memory.buffer, this.plan.stepWeights, steps).set(stepWeights);
    const errors = new Float32Array(this.memory.buffer, this.plan.errors, shards * shardRows * width);
    const out = new Float32Array(starts.length * features);
    for (let first = 0; first < starts.length; ) {
      const cuts = this.#cut(starts, first, networks);
      const used = cuts.length - 1;
      this.crew.run(TASK.score, used);
      for (let shard = 0; shard < used; shard++) {
        for (let w = cuts[shard]!, at = shard * shardRows * width; w < cuts[shard + 1]!; w++, at += width) {
          out.set(errors.subarray(at, at + features), w * features);
        }
      }
      first = cuts[used]!;
    }
    return out;
  }

  close(): void {
    this.crew.close();
  }

  #gradient(starts: Int32Array): { loss: number; norm: number } {
    const { steps, features } = this.plan.architecture;
    this.plan.setSlope(this.memory.buffer, starts.length);
    const shards = this.#share(starts);
    this.crew.run(TASK.train, shards);
    const norm = this.kernel.reduce(this.plan.table, shards);
    let sum = 0;
    for (let shard = 0; shard < shards; shard++) sum += this.#losses[shard]!;
    return { loss: sum / (starts.length * steps * features), norm };
  }

  /** Lays the windows out in shards, always cut alike. @returns the shards in use */
  #share(starts: Int32Array): number {
    const { shards, shardRows } = this.plan.sizes;
    if (starts.length > shards * shardRows) throw new RangeError(`${starts.length} windows in one batch`);
    return this.#cut(starts, 0).length - 1;
  }

  /**
   * Lays windows from `first` on out in as many shards as there are, each of one network.
   * @returns the first window of each shard in use, and at the end the first window that is left
   */
  #cut(starts: Int32Array, first: number, networks?: Int32Array): number[] {
    const { shards, shardRows } = this.plan.sizes;
    // What fills a shard up to a multiple of four must be a window too.
    this.#starts.fill(starts[first] ?? 0);
    const cuts = [first];
    for (let shard = 0, next = first; shard < shards && next < starts.length; shard++) {
      const network = networks?.[next] ?? 0;
      let end = next + 1;
      while (end < starts.length && end - next < shardRows && (networks?.[end] ?? 0) === network) end++;
      this.#starts.set(starts.subarray(next, end), shard * shardRows);
      this.#counts[shard] = end - next;
      this.#networks[shard] = network;
      cuts.push(end);
      next = end;
    }
    return cuts;
  }

  #weightsOf(network: number): Float32Array {
    const { weights, parameters } = this.plan;
    return new Float32Array(this.memory.buffer, weights + network * parameters * 4, parameters);
  }
}

export type { FusedSession };
