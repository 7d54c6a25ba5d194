import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

export const restartPostgres: Fault = {
  name: 'restart of PostgreSQL',
  hindrance: () => null,
  async strike({ postgres }, random) {
    await postgres.stopServer(random.integer(2) === 0 ? 'fast' : 'kill');
    await sleep(random.integer(2_000));
    await postgres.startServer();
    return null;
  },
};
