import { Worker } from 'node:worker_threads';
import type { Kernel } from './kernel.js';
import type { Plan } from './plan.js';

/** Words at the start of the shared memory: how threads hand out the shards of a batch. */
export const CONTROL = { generation: 0, next: 1, done: 2, shards: 3, task: 4, stop: 5, failed: 6 } as const;
export const TASK = { train: 0, score: 1 } as const;
export type Task = (typeof TASK)[keyof typeof TASK];

/** What a thread needs to join. */
export interface CrewData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  table: number;
  control: number;
  thread: number;
}

/**
 * The threads that share a batch. Whoever is free takes the next shard; which thread that is does not matter, because
 * a shard's result lies in the shard's own place. The calling thread works too, so a thread that starts late or is
 * not scheduled costs speed and nothing else.
 */
export class Crew {
  readonly #control: Int32Array;
  readonly #workers: Worker[] = [];
  readonly #failures: Error[] = [];

  constructor(
    readonly module: WebAssembly.Module,
    readonly memory: WebAssembly.Memory,
    readonly kernel: Kernel,
    readonly plan: Plan,
  ) {
    this.#control = new Int32Array(memory.buffer, plan.control, 8);
    for (let thread = 1; thread < plan.sizes.threads; thread++) {
      const workerData: CrewData = { module, memory, table: plan.table, control: plan.control, thread };
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
      worker.on('error', (error: Error) => {
        this.#failures.push(error);
      });
      worker.unref();
      this.#workers.push(worker);
    }
  }

  /** Works off shards 0 .. shards-1. Blocks the calling thread for as long as one batch takes: milliseconds. */
  run(task: Task, shards: number): void {
    this.#check();
    const control = this.#control;
    Atomics.store(control, CONTROL.task, task);
    Atomics.store(control, CONTROL.done, 0);
    Atomics.store(control, CONTROL.shards, shards);
    Atomics.store(control, CONTROL.next, 0);
    if (this.#workers.length > 0 && shards > 1) {
      Atomics.add(control, CONTROL.generation, 1);
      Atomics.notify(control, CONTROL.generation);
    }
    work(this.kernel, control, this.plan.table, 0);
    for (let done = Atomics.load(control, CONTROL.done); done < shards; done = Atomics.load(control, CONTROL.done)) {
      Atomics.wait(control, CONTROL.done, done, 1000);
    }
    if (Atomics.load(control, CONTROL.failed) !== 0)
      throw new Error('an LSTM training thread stopped inside the kernel');
  }

  #check(): void {
    const [failure] = this.#failures;
    if (failure !== undefined) throw new Error('an LSTM training thread failed', { cause: failure });
  }

  close(): void {
    Atomics.store(this.#control, CONTROL.stop, 1);
    Atomics.add(this.#control, CONTROL.generation, 1);
    Atomics.notify(this.#control, CONTROL.generation);
  }
}

/** Takes shards until none is left. */
export function work(kernel: Kernel, control: Int32Array, table: number, thread: number): void {
  for (;;) {
    const shard = Atomics.add(control, CONTROL.next, 1);
    if (shard >= Atomics.load(control, CONTROL.shards)) return;
    try {
      if (Atomics.load(control, CONTROL.task) === TASK.train) kernel.train(table, shard, thread);
      else kernel.score(table, shard, thread);
    } catch {
      // A trap on another thread cannot throw here: the caller sees the word and throws.
      Atomics.store(control, CONTROL.failed, 1);
    }
    Atomics.add(control, CONTROL.done, 1);
    Atomics.notify(control, CONTROL.done);
  }
}
