import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { ModelKey } from '../models/model.js';
import { type Lease, releaseLease, renewLease } from '../storage/leases.js';
import { acquireSlot, type SlotRequest } from '../storage/trainingSlots.js';

/** Another trainer works on this model; the job is worth another try later. */
export class LeaseTaken extends Error {
  constructor(key: ModelKey, seconds: number) {
    super(`another trainer has held the lease of ${key} for ${seconds} s: try again later`);
    this.name = 'LeaseTaken';
  }
}

/** As many trainings run as may: the job goes back to the queue, and does not count as failed. */
export class NoFreeSlot extends Error {
  constructor(key: ModelKey, why: string) {
    super(`${key} waits: ${why}`);
    this.name = 'NoFreeSlot';
  }
}

/** Somebody else may train this model now. */
export class LeaseLost extends Error {
  constructor(key: ModelKey) {
    super(`the lease of ${key} ran out during the training: the work is dropped`);
    this.name = 'LeaseLost';
  }
}

const POLL_MILLISECONDS = 500;
/** Where there is room for no training at all, another job would find none either: it waits for so long in its place. */
const SLOT_WAIT_MILLISECONDS = 3_000;
const SLOT_POLL_MILLISECONDS = 100;

/**
 * Runs `work` while it holds the model's lease, which is renewed three times in its length. `work` gets a signal that
 * aborts when the lease is lost or `signal` aborts. The lease is released at the end, whatever happens.
 *
 * @throws LeaseTaken when nobody gave it back within `waitSeconds`; NoFreeSlot when no slot is free
 */
export async function withLease<T>(
  pool: Pool,
  options: {
    modelKey: ModelKey;
    holder: string;
    seconds: number;
    waitSeconds: number;
    byPerson: boolean;
    refuse: SlotRequest['refuse'];
    signal?: AbortSignal;
  },
  work: (lease: Lease, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { modelKey, seconds, signal } = options;
  const until = performance.now() + options.waitSeconds * 1000;
  const noLonger = performance.now() + SLOT_WAIT_MILLISECONDS;
  const slot: SlotRequest = {
    key: modelKey,
    holder: options.holder,
    milliseconds: seconds * 1000,
    byPerson: options.byPerson,
    refuse: options.refuse,
  };
  let taken = await acquireSlot(pool, slot);
  while (!taken.lease) {
    const isFull = taken.full !== null;
    if (taken.full !== null && (!taken.forAll || performance.now() >= noLonger))
      throw new NoFreeSlot(modelKey, taken.full);
    if (!isFull && performance.now() >= until) throw new LeaseTaken(modelKey, options.waitSeconds);
    await sleep(isFull ? SLOT_POLL_MILLISECONDS : POLL_MILLISECONDS, undefined, { signal });
    taken = await acquireSlot(pool, slot);
  }
  const held = taken.lease;
  const lost = new AbortController();
  let renewedAt = performance.now();
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(
    () => {
      renewing = renewLease(pool, held, seconds * 1000).then(
        (holds) => {
          if (holds) renewedAt = performance.now();
          else lost.abort(new LeaseLost(modelKey));
        },
        // The store is away: the lease holds until it runs out, and the publish checks it once more.
        () => {
          if (performance.now() - renewedAt > seconds * 1000) lost.abort(new LeaseLost(modelKey));
        },
      );
    },
    (seconds * 1000) / 3,
  );
  try {
    return await work(held, signal ? AbortSignal.any([signal, lost.signal]) : lost.signal);
  } finally {
    clearInterval(timer);
    await renewing;
    // Not released when the store is away: the lease then runs out by itself.
    await releaseLease(pool, held).catch(() => undefined);
  }
}
