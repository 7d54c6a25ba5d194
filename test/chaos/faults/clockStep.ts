import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

const HOUR = 3_600_000;

export const clockStep: Fault = {
  name: 'a step of the clock',
  hindrance: () => null,
  async strike(subject, random) {
    subject.stepClock(random.pick([-24 * HOUR, -HOUR, -5_000, 5_000, HOUR, 24 * HOUR]));
    await sleep(1_000 + random.integer(3_000));
    subject.stepClock(0);
    return [];
  },
};
