import type { Job, Worker } from 'bullmq';

const REPORTS = ['updateProgress', 'log', 'moveToDelayed'] as const;

/**
 * Lets a sandbox end its job although the store refuses what it reports meanwhile, as a Redis does that was flushed. BullMQ
 * 6.7 takes that for the end of the job (`classes/sandbox`) and hands the process, which still works, to the next job: that
 * one ends with the result of the first, or fails as "cannot start a not idling child process".
 *
 * @param onRefused hears of the first refusal in each job
 */
export function endWithSandbox(worker: Worker, onRefused: (job: Job, error: Error) => void): void {
  worker.on('active', (job) => {
    let isKnown = false;
    const refused = (error: Error) => {
      if (!isKnown) onRefused(job, error);
      isKnown = true;
    };
    for (const report of REPORTS) {
      const send = (job[report] as (...given: unknown[]) => Promise<unknown>).bind(job);
      Object.assign(job, { [report]: (...given: unknown[]) => send(...given).catch(refused) });
    }
  });
}
