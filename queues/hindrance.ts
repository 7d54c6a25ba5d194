import type { Queue } from 'bullmq';

/** A job each ten seconds is more than any of our queues needs. */
const SLOWEST_MILLISECONDS = 10_000;

/** What somebody set on a queue, as on the job board, that keeps its jobs waiting, in words; null for nothing. */
export async function hindranceOf(queue: Queue): Promise<string | null> {
  if (await queue.isPaused()) return 'it is paused: nothing of it runs until somebody resumes it on the job board';
  const limit = await queue.getGlobalRateLimit();
  if (limit !== null && limit.duration / Math.max(1, limit.max) > SLOWEST_MILLISECONDS)
    return `its rate limit lets ${limit.max} jobs through each ${Math.round(limit.duration / 1000)} s: remove it on the job board`;
  const concurrency = await queue.getGlobalConcurrency();
  if (concurrency !== null && concurrency < 1) return 'its concurrency is 0: nothing of it runs';
  return null;
}
