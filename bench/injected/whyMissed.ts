import type { FeatureRow, NetworkLoss } from '../../src/features/row.js';
import { baselineOf, distinctPeers } from '../../src/incidents/baseline.js';
import { type ForeignRoute, foreignRoutes } from '../../src/incidents/classes/foreignRoutes.js';
import { noEvidence, SPREADING, withMinute } from '../../src/incidents/evidence.js';
import { claimsOf } from '../../src/incidents/lanes.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import type { InjectedEvent } from './pass.js';

/** What the rows held of an event that was not raised: its weightiest claim, or its network's loss. */
export interface Trace {
  claim?: Pick<ForeignRoute, 'prefix' | 'share' | 'settled'> & { bits: number; words: string[] };
  loss?: Omit<NetworkLoss, 'via' | 'sample'> & { minute: number; peersSeen: number; known: number };
}

const PEERS_OF = 75;
const MINUTE_MS = 60_000;

/** Looks through the minutes of an event, as the correlator gets them. */
export function traceOf(rows: readonly FeatureRow[], inputs: readonly MinuteInput[], event: InjectedEvent): Trace {
  const first = Math.floor(event.startMs / MINUTE_MS);
  const last = Math.floor(event.endMs / MINUTE_MS);
  const from = rows.findIndex(({ minute }) => minute >= first);
  const trace: Trace = {};
  for (let at = from; at >= 0 && at < rows.length && rows[at]!.minute <= last; at++) {
    const input = inputs[at]!;
    const peersSeen = distinctPeers(inputs.slice(Math.max(0, at - PEERS_OF), at + 1));
    const claims = inputs
      .slice(Math.max(0, at - SPREADING + 1), at + 1)
      .reduce((kept, minute) => withMinute(kept, claimsOf(minute), () => undefined), {
        ...noEvidence(input.minute, baselineOf([])),
        peersSeen,
      });
    for (const { prefix, origin, share, settled, suspicion } of foreignRoutes(claims)) {
      if (!event.networks.includes(origin) || !event.prefixes.includes(prefix) || !settled) continue;
      if (trace.claim !== undefined && trace.claim.bits >= suspicion.bits) continue;
      trace.claim = { prefix, share, settled, ...suspicion };
    }
    for (const loss of input.evidence?.losses ?? []) {
      if (!event.networks.includes(loss.origin)) continue;
      const { via, sample, ...figures } = loss;
      trace.loss = { ...figures, minute: input.minute, peersSeen, known: input.evidence?.known ?? 0 };
    }
  }
  return trace;
}
