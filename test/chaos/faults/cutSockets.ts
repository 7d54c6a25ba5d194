import type { Fault } from './fault.js';

export const cutSockets: Fault = {
  name: 'cut sockets',
  hindrance: () => null,
  async strike({ postgres, redis }, random) {
    const share = random.pick([0.3, 1]);
    postgres.proxy.cut(() => random.next() < share);
    redis?.proxy.cut(() => random.next() < share);
    return null;
  },
};
