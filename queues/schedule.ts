import type { Queue } from 'bullmq';

/** A round that lies this much further off than its interval was planned by a clock that has been set back since. */
const SLACK_MILLISECONDS = 60_000;

/** A round without data that comes again and again. */
export interface Schedule {
  id: string;
  everyMilliseconds: number;
  /** Name of its jobs. */
  job: string;
  /** How many ended jobs are kept for Bull Board. */
  keep: number;
}

/**
 * Puts a schedule in place, once however many services do so. Its jobs carry no deduplication id: one in a scheduler's
 * template stops the schedule (taskforcesh/bullmq issue 2954). One of another interval goes first: BullMQ keeps its
 * offset, and a round that is late would be followed by one up to the old interval later.
 */
export async function makeSchedule(queue: Queue, schedule: Schedule): Promise<void> {
  const found = await queue.getJobScheduler(schedule.id);
  if (found !== undefined && !isOfInterval(found, schedule)) await queue.removeJobScheduler(schedule.id);
  const kept = { count: schedule.keep };
  await queue.upsertJobScheduler(
    schedule.id,
    { every: schedule.everyMilliseconds },
    { name: schedule.job, data: {}, opts: { removeOnComplete: kept, removeOnFail: kept } },
  );
}

/**
 * Makes a schedule anew that is gone, as after a flush of the store, or whose next round lies too far off: BullMQ plans it
 * by the wall clock, and one that was a day ahead for a second would stop all rounds for a day. So is one whose interval
 * somebody changed: the settings have it.
 * @param now milliseconds since 1970
 * @returns whether it had to be made
 */
export async function keepSchedule(queue: Queue, schedule: Schedule, now = Date.now()): Promise<boolean> {
  const found = await queue.getJobScheduler(schedule.id);
  const latest = now + schedule.everyMilliseconds + SLACK_MILLISECONDS;
  if (found?.next !== undefined && isOfInterval(found, schedule) && found.next <= latest) return false;
  if (found !== undefined) await queue.removeJobScheduler(schedule.id);
  await makeSchedule(queue, schedule);
  return true;
}

function isOfInterval(found: { every?: number }, schedule: Schedule): boolean {
  return found.every === undefined || Number(found.every) === schedule.everyMilliseconds;
}
