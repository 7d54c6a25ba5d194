import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { kill } from './processes.js';

const LONGEST_WAIT_MILLISECONDS = 300_000;

/**
 * Struck while the feed plays on without it: what is sent until it is back is lost, and a gap. Only for runs that compare
 * rows by what a healed gap promises.
 */
export const killCollector: Fault = {
  name: 'kill -9 of the collector',
  hindrance: ({ archive }) => (archive === null ? 'no archive from which a gap could heal' : null),
  async strike(subject, random) {
    const until = performance.now() + LONGEST_WAIT_MILLISECONDS;
    while (!subject.feedGoesOn) {
      if (performance.now() > until) throw new Error('waited in vain for the feed to play');
      await sleep(20);
    }
    await sleep(random.integer(1_500));
    return kill(subject, 'collector');
  },
};
