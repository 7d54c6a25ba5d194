import { SERVICES } from '../../../src/services/catalogue.js';
import type { Fault } from './fault.js';
import { pause } from './processes.js';

export const pauseService: Fault = {
  name: 'SIGSTOP of a service',
  hindrance: () => null,
  async strike(subject, random) {
    const service = random.pick(SERVICES).name;
    const pid = subject.system.supervisor.pidOf(service);
    if (pid !== undefined) await pause([pid], random);
    return [service];
  },
};
