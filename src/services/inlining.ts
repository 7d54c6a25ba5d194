import type { Workload } from './youngHeap.js';

/** Bytecode that V8's compiler may draw into a function, in all; its own bound is 920. */
const MOST_BYTES = 2000;

/**
 * What node is started with for a service that works through BGP messages. Their path goes through many small functions
 * of the tables: past V8's own bound the compiler calls them, each time, and learns nothing of what they return.
 */
export function inlining(service: { name: string; workload?: Workload }): string[] {
  return service.workload === 'messages' ? [`--max-inlined-bytecode-size-cumulative=${MOST_BYTES}`] : [];
}
