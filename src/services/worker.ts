import type { Worker } from 'bullmq';
import type { Rounds } from './rounds.js';
import { aborted } from './service.js';

/**
 * Runs a queue's worker (opened with `autorun: false`) until the service ends.
 * @throws Error when the worker ends by itself, such as when the store was away just as it opened: the supervisor then
 *   starts the service afresh, where a worker that ended would idle for ever
 */
export async function runWorker(worker: Worker, signal: AbortSignal): Promise<void> {
  await worker.waitUntilReady();
  await Promise.race([worker.run(), aborted(signal)]);
  if (!signal.aborted) throw new Error(`the worker of queue ${worker.name} ended by itself`);
}

/** Has jobs that fail counted as rounds of the service: a queue's failed jobs alone reach nobody. */
export function countJobs<Data, Result>(
  worker: Worker<Data, Result>,
  what: string,
  rounds: Pick<Rounds, 'failed' | 'went'>,
): void {
  worker.on('completed', () => rounds.went(what));
  worker.on('failed', (_job, error) => rounds.failed(what, error));
}
