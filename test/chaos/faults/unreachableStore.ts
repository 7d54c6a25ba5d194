import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const unreachableStore: Fault = {
  name: 'a store out of reach',
  hindrance: () => null,
  async strike({ postgres, redis }, random) {
    const proxy = redis !== null && random.integer(2) === 0 ? redis.proxy : postgres.proxy;
    proxy.refusing = true;
    proxy.cut(() => true);
    await sleep(500 + random.integer(3_500));
    proxy.refusing = false;
    return null;
  },
};
