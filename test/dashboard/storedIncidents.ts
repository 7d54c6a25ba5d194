import type { Pool } from 'pg';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { VrpTable } from '../../src/incidents/rpki/validity.js';
import { insertFeatures } from '../../src/storage/features.js';
import { storeIncidents } from '../../src/storage/incidents.js';
import { registerStream } from '../../src/storage/streams.js';
import { Feed } from '../incidents/feed.js';
import { contextOf } from '../incidents/minutes.js';

const VRPS = new VrpTable([
  { prefix: '10.5.0.0/16', asn: 3500, maxLength: 16 },
  { prefix: '10.7.0.0/16', asn: 3200, maxLength: 16 },
]);
/** Prefixes that AS3200 takes: the holder of each, N of 10.N.0.0/16, is AS(3000 + 100 N). */
export const TAKEN = Array.from({ length: 14 }, (_, n) => `10.${n + 5}.0.0/16`);

/** A network takes fourteen prefixes of as many holders at 8 of 12 peers; of one of them five peers go back. */
function hijack(): MinuteInput[] {
  return new Feed().announce(560, 8, 200, [3200], TAKEN).announce(566, 5, 200, [4000], ['10.10.0.0/16']).inputs(575);
}

/** What the real aggregator and correlator make of that feed, stored by their own writers. @returns the incidents' ids */
export async function storeHijack(pool: Pool): Promise<number[]> {
  const inputs = hijack();
  await registerStream(pool, 'rrc00', { kind: 'simulated' });
  await insertFeatures(
    pool,
    inputs.map(({ minute, gap, values, evidence }) => ({
      stream: 'rrc00',
      minute,
      kind: gap ? 'gap' : 'observed',
      values: Float32Array.from(values),
      evidence: evidence!,
    })),
  );
  const validityOf = (prefix: string, origin: number) => VRPS.validity(prefix, origin);
  const { incidents } = correlate(freshState('rrc00'), inputs, contextOf({}, {}, validityOf));
  return storeIncidents(pool, incidents);
}
