import type { Fault } from './fault.js';
import { pause, sandboxesOf } from './processes.js';

export const pauseTraining: Fault = {
  name: 'SIGSTOP of trainer and training',
  hindrance: () => null,
  async strike(subject, random) {
    const trainer = subject.system.supervisor.pidOf('trainer');
    if (trainer !== undefined) await pause([trainer, ...sandboxesOf(subject)], random);
    return ['trainer'];
  },
};
