import type { Minute, NetworkLoss } from '../features/row.js';
import { AT_ONCE } from './networkOutages.js';

/** A loss at its largest. */
export interface KeptLoss extends NetworkLoss {
  /** Prefixes lost when it was last listed, and when that was; absent in incidents that an older version opened. */
  still?: number;
  minute?: Minute;
  /** Peers that had withdrawn it when it had reached all that it reaches at once; absent as the two above. */
  atOnce?: number;
  /** Prefixes that were left by then. */
  leftAtOnce?: number;
}

export function keptLoss(loss: NetworkLoss, minute: Minute): KeptLoss {
  // a network that is gone itself is gone from everywhere by then
  const soon = minute - loss.since <= AT_ONCE;
  return { ...loss, still: loss.prefixes, minute, ...(soon ? { atOnce: loss.peers, leftAtOnce: loss.left } : {}) };
}

/** At its largest, with what is lost still. */
export function joinedLoss(old: KeptLoss, now: KeptLoss): KeptLoss {
  const { atOnce, leftAtOnce } = now.atOnce === undefined ? old : now;
  const { still, minute } = now;
  return {
    ...(now.prefixes >= old.prefixes ? now : old),
    still,
    minute,
    ...(atOnce === undefined ? {} : { atOnce }),
    ...(leftAtOnce === undefined ? {} : { leftAtOnce }),
  };
}
