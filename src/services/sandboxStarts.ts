import type { Worker } from 'bullmq';

/** Loading the models takes seconds, on a machine that starts everything at once perhaps a minute. */
const LIMIT_MILLISECONDS = 90_000;

/**
 * Ends with an error when a job was taken and its sandbox gave no sign: BullMQ 6.7 waits for ever for a process that is
 * killed while it loads (its `Child` hears `close`, and drops its listeners at `exit`), and renews the job's lock. The
 * supervisor then starts the service afresh, and the job is taken over. A sandbox's first act must be to report progress.
 */
export function hungSandbox(worker: Worker, limit = LIMIT_MILLISECONDS): Promise<never> {
  const waiting = new Map<string | undefined, NodeJS.Timeout>();
  const settle = (id: string | undefined) => {
    clearTimeout(waiting.get(id));
    waiting.delete(id);
  };
  return new Promise((_, fail) => {
    worker.on('active', ({ id }) => {
      settle(id);
      const late = () => fail(new Error(`the sandbox of job ${id} did not begin within ${limit / 1000} s`));
      waiting.set(id, setTimeout(late, limit).unref());
    });
    worker.on('progress', ({ id }) => settle(id));
    worker.on('completed', ({ id }) => settle(id));
    worker.on('failed', (job) => settle(job?.id));
  });
}
