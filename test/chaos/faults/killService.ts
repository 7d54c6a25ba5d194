import type { Fault } from './fault.js';
import { kill, LOSSLESS } from './processes.js';

export const killService: Fault = {
  name: 'kill -9 of a service',
  hindrance: () => null,
  strike: (subject, random) => kill(subject, random.pick(LOSSLESS)),
};
