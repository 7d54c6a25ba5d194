import { readFile } from 'node:fs/promises';

/** What the compiled kernel exports; addresses and counts as in assembly/index.ts. */
export interface Kernel {
  packWeights(table: number, network: number): void;
  train(table: number, shard: number, thread: number): void;
  score(table: number, shard: number, thread: number): void;
  /** @returns the norm of the summed gradient */
  reduce(table: number, shards: number): number;
  adam(table: number, factor: number, rate: number, beta1: number, beta2: number, epsilon: number): void;
  workspaceSize(table: number): number;
  activate(values: number, count: number, logistic: number): void;
  pack(panels: number, b: number, depth: number, columns: number, transposed: number): void;
  product(
    c: number,
    cStride: number,
    start: number,
    startStride: number,
    a: number,
    aStride: number,
    panels: number,
    rows: number,
    depth: number,
    columns: number,
  ): void;
}

/** Compiles the kernel that the build put beside this file. @throws where WebAssembly SIMD is missing */
export async function compileKernel(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(new URL('./kernel.wasm', import.meta.url)));
}

/** An instance over `memory`; a memory may carry several, one for each thread. */
export function startKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Kernel;
}

function abort(): never {
  throw new Error('the LSTM kernel stopped on a broken invariant');
}
