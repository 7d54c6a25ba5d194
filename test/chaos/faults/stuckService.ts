import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT_MILLISECONDS } from '../../../src/services/supervisor.js';
import type { Fault } from './fault.js';
import { LOSSLESS, signal } from './processes.js';

/** Beyond the silence: looks each 2 s, and the wait before it is started again. */
const MARGIN_MILLISECONDS = 20_000;

export const stuckService: Fault = {
  name: 'SIGSTOP of a service for good',
  hindrance: () => null,
  async strike({ system }, random) {
    const service = random.pick(LOSSLESS);
    const pid = system.supervisor.pidOf(service);
    if (!signal(pid, 'SIGSTOP')) return [service];
    const before = performance.now();
    while (system.supervisor.pidOf(service) === pid) {
      if (performance.now() - before > SILENT_MILLISECONDS + MARGIN_MILLISECONDS) {
        throw new Error(`${service} was stopped and not started again`);
      }
      await sleep(200);
    }
    return [service];
  },
};
