import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Either the mail server drips lines, which must hold up no other channel, or the webhook does not answer for a while. */
export const stuckChannel: Fault = {
  name: 'a stuck channel',
  hindrance: () => null,
  async strike({ receivers }, random) {
    const isMail = random.integer(2) === 0;
    if (isMail) receivers.mailIsStuck = true;
    else receivers.hookProxy.delayMilliseconds = 3_000;
    await sleep(1_000 + random.integer(4_000));
    receivers.mailIsStuck = false;
    receivers.hookProxy.delayMilliseconds = 0;
    return [];
  },
};
