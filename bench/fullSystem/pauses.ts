import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded by the aggregator beside its own code: notes each second how long its main thread kept others waiting at most, of
 * wall time and of the thread's processor time, which a busy machine does not lengthen.
 */
const EVERY_MS = 1000;
const TICK_MS = 5;

/** Milliseconds that the main thread has had a processor so far. */
function processorMs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

const folder = process.env.BENCH_PAUSES;
if (folder !== undefined && isMainThread && process.argv[1]?.endsWith('/aggregator.js')) {
  let wall = performance.now();
  let processor = processorMs();
  let longestWall = 0;
  let longestProcessor = 0;
  let noted = wall;
  setInterval(() => {
    const now = performance.now();
    const used = processorMs();
    longestWall = Math.max(longestWall, now - wall - TICK_MS);
    longestProcessor = Math.max(longestProcessor, used - processor);
    wall = now;
    processor = used;
    if (now - noted < EVERY_MS) return;
    appendFileSync(join(folder, 'pauses'), `${JSON.stringify({ at: Date.now(), longestWall, longestProcessor })}\n`);
    noted = now;
    longestWall = 0;
    longestProcessor = 0;
  }, TICK_MS).unref();
}
