import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const slowStore: Fault = {
  name: 'a slow store',
  hindrance: () => null,
  async strike({ postgres, redis }, random) {
    const proxies = [postgres.proxy, ...(redis === null ? [] : [redis.proxy])];
    for (const proxy of proxies) proxy.delayMilliseconds = 20 + random.integer(180);
    await sleep(1_000 + random.integer(3_000));
    for (const proxy of proxies) proxy.delayMilliseconds = 0;
    return null;
  },
};
