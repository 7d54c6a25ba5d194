import type { Minute } from '../row.js';

/** An origin, prefix or link counts as new for so many minutes after it was first met. */
export const NEW_FOR = 10;

/** What the present moment means for what is met in it. */
export class Horizon {
  /** Minutes from here on may still name prefixes. */
  oldestOpen: Minute = 0;
  /** In minutes before this one origins and links are learnt without evidence. */
  silentBefore: Minute = 0;

  /** First-seen minute for something met now; 0 if it counts as known all along. */
  knownFrom(minute: Minute): Minute {
    return minute < this.silentBefore ? 0 : minute;
  }
}

export function isNew(from: Minute, minute: Minute): boolean {
  return from > 0 && from > minute - NEW_FOR;
}
