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
    const plan = new Plan(architecture, { rows: options.rows, shards, shardRows: SHARD, threads });
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
    this.#losses = new Float64Array(buffer, plan.losses, shards);
    this.#weights = new Float32Array(buffer, plan.weights, plan.parameters);
  }

  setRows(rows: Float32Array): void {
    const { features } = this.plan.architecture;
    const width = this.plan.features;
    const count = rows.length / features;
    if (count > this.plan.sizes.rows) throw new RangeError(`${count} rows, planned for ${this.plan.sizes.rows}`);
    const target = new Float32Array(this.memory.buffer, this.plan.rows, count * width);
    if (width === features) target.set(rows);
    else for (let r = 0; r < count; r++) target.set(rows.subarray(r * features, (r + 1) * features), r * width);
  }

  setWeights(weights: Float32Array): void {
    this.#weights.fill(0);
    this.plan.copyWeights(weights, this.#weights, 'in');
    new Float32Array(this.memory.buffer, this.plan.firstMoment, this.plan.parameters).fill(0);
    new Float32Array(this.memory.buffer, this.plan.secondMoment, this.plan.parameters).fill(0);
    this.#step = 0;
    this.kernel.packWeights(this.plan.table);
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
    this.kernel.packWeights(table);
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

  async errors(starts: Int32Array, stepWeights: Float32Array): Promise<Float32Array> {
    const { steps, features } = this.plan.architecture;
    const { shards, shardRows } = this.plan.sizes;
    const width = this.plan.features;
    new Float32Array(this.memory.buffer, this.plan.stepWeights, steps).set(stepWeights);
    const errors = new Float32Array(this.memory.buffer, this.plan.errors, shards * shardRows * width);
    const out = new Float32Array(starts.length * features);
    for (let first = 0; first < starts.length; first += shards * shardRows) {
      const part = starts.subarray(first, first + shards * shardRows);
      this.crew.run(TASK.score, this.#share(part));
      for (let w = 0; w < part.length; w++) {
        out.set(errors.subarray(w * width, w * width + features), (first + w) * features);
      }
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
    this.#starts.fill(starts[0] ?? 0);
    this.#starts.set(starts);
    const used = Math.ceil(starts.length / shardRows);
    for (let shard = 0; shard < shards; shard++) {
      this.#counts[shard] = Math.max(0, Math.min(shardRows, starts.length - shard * shardRows));
    }
    return used;
  }
}

export type { FusedSession };
