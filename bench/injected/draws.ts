import type { Draw, EventKind, Fault, LookAlike } from './event.js';
import { FAULTS, LOOK_ALIKES } from './event.js';
import { exactFewPeers, exactHijack, forgedOrigin, subPrefixFewPeers, subPrefixHijack } from './kinds/hijacks.js';
import { leakOfThousand, leakOfTwentyThousand } from './kinds/leaks.js';
import {
  anycast,
  customerInProvider,
  newPeering,
  renumbering,
  scrubbing,
  siblingTakesOver,
} from './kinds/lookAlikes.js';
import { outageOfNetwork, outageOfTransit } from './kinds/outages.js';

export const DRAWS: Readonly<Record<EventKind, Draw>> = {
  'exact hijack': exactHijack,
  'sub-prefix hijack': subPrefixHijack,
  'exact hijack, few peers': exactFewPeers,
  'sub-prefix hijack, few peers': subPrefixFewPeers,
  'forged origin': forgedOrigin,
  'leak of 1,000': leakOfThousand,
  'leak of 20,000': leakOfTwentyThousand,
  'outage of a network': outageOfNetwork,
  'outage of a transit': outageOfTransit,
  'customer in its provider': customerInProvider,
  'sibling takes over': siblingTakesOver,
  anycast,
  scrubbing,
  'new peering': newPeering,
  renumbering,
};

/** Parts of 100 events; the large leaks, which drown what is near them, are few. */
const PARTS: Readonly<Record<Fault, number>> = {
  'exact hijack': 18,
  'sub-prefix hijack': 18,
  'exact hijack, few peers': 8,
  'sub-prefix hijack, few peers': 8,
  'forged origin': 18,
  'leak of 1,000': 8,
  'leak of 20,000': 4,
  'outage of a network': 10,
  'outage of a transit': 8,
};

/** Kinds of `events` faults and as many look-alikes, in a fixed order; or that many of one kind alone. */
export function kindsOf(events: number, only?: EventKind): EventKind[] {
  if (only !== undefined) return Array.from({ length: events }, () => only);
  const faults: Fault[] = [];
  let owed = 0;
  for (const kind of FAULTS) {
    owed += (PARTS[kind] * events) / 100;
    while (faults.length < Math.round(owed)) faults.push(kind);
  }
  const alikes = faults.map((_, index): LookAlike => LOOK_ALIKES[index % LOOK_ALIKES.length]!);
  return [...faults, ...alikes];
}
