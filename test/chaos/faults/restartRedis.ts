import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const restartRedis: Fault = {
  name: 'restart of Redis',
  hindrance: ({ redis }) => (redis === null ? 'the queues are on PostgreSQL' : null),
  async strike({ redis }, random) {
    await redis!.stopServer(random.integer(2) === 0 ? 'fast' : 'kill');
    await sleep(random.integer(2_000));
    await redis!.startServer();
    return null;
  },
};
