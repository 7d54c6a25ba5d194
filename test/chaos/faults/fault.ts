import type { Random } from '../../../src/random/random.js';
import type { ServiceName } from '../../../src/services/catalogue.js';
import type { Subject } from '../subject.js';

/** Something that goes wrong. Every fault undoes itself: when `strike` resolves, the world around the system is well. */
export interface Fault {
  name: string;
  /** Why it cannot be tried on this subject, in words; null when it can. */
  hindrance(subject: Subject): string | null;
  /**
   * @returns services that it hindered while it lasted, null for all
   * @throws Error when the system did something that it must not do
   */
  strike(subject: Subject, random: Random): Promise<readonly ServiceName[] | null>;
}
