/** A training thread: waits for a batch, takes shards of it, waits again. */
import { workerData } from 'node:worker_threads';
import { CONTROL, type CrewData, work } from './crew.js';
import { startKernel } from './kernel.js';

const { module, memory, table, control: address, thread } = workerData as CrewData;
const control = new Int32Array(memory.buffer, address, 8);
const kernel = startKernel(module, memory);
let seen = 0;
while (Atomics.load(control, CONTROL.stop) === 0) {
  Atomics.wait(control, CONTROL.generation, seen);
  seen = Atomics.load(control, CONTROL.generation);
  work(kernel, control, table, thread);
}
