import type { Fault } from './fault.js';
import { sandboxesOf, signal } from './processes.js';

export const killSandbox: Fault = {
  name: 'kill -9 of a training',
  hindrance: () => null,
  async strike(subject) {
    for (const pid of sandboxesOf(subject)) signal(pid, 'SIGKILL');
    return [];
  },
};
