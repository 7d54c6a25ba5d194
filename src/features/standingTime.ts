import type { Minute } from './row.js';

/** Minutes after which what routes did is listed as in place still, and between the times after that. */
const FIRST = 10;
const AGAIN = 50;

/** Minutes for which it counts as in place after it was listed. Rows without a message list nothing, so there is some room. */
export const IN_PLACE_FOR = AGAIN + 15;

/** An event is over when so small a share of the routes, or peers, that it had at most is left. */
export const GONE_SHARE = 0.1;

/** Whether it is time to list it, last listed at `listed`. */
export function isDue(since: Minute, listed: Minute | null | undefined, minute: Minute): boolean {
  return listed === null || listed === undefined ? minute - since >= FIRST : minute - listed >= AGAIN;
}
