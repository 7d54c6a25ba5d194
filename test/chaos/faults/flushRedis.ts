import type { Fault } from './fault.js';

export const flushRedis: Fault = {
  name: 'FLUSHALL of Redis',
  hindrance: ({ redis }) => (redis === null ? 'the queues are on PostgreSQL' : null),
  async strike({ redis }) {
    await redis!.flush();
    return [];
  },
};
