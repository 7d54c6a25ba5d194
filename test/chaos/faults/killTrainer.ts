import type { Fault } from './fault.js';
import { kill } from './processes.js';

export const killTrainer: Fault = {
  name: 'kill -9 of the trainer',
  hindrance: () => null,
  strike: (subject) => kill(subject, 'trainer'),
};
