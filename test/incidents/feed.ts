import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { restored, snapshotOf } from '../../src/features/aggregatorSnapshot.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';

const START = 1_700_000_040;
const PEERS = 12;

/**
 * A small Internet as its messages: 12 peers, two carriers (AS200, AS201), and 40 stubs AS3100, AS3200 and so on
 * behind one of them, each with 10.N.0.0/16, 11.N.0.0/16 and 12.N.0.0/16. A peer repeats a route each minute. Rows are those of the real decoder and aggregator.
 */
export class Feed {
  readonly #updates: { timestamp: number }[] = [];

  constructor() {
    for (let n = 1; n <= 40; n++)
      this.announce(
        0,
        PEERS,
        200 + (n % 2),
        [3000 + 100 * n],
        [10, 11, 12].map((first) => `${first}.${n}.0.0/16`),
      );
  }

  /** The first `peers` peers announce the prefixes, over a carrier and the hops behind it, from a minute on. */
  announce(minute: number, peers: number, carrier: number, behind: number[], prefixes: string[]): this {
    for (let peer = 1; peer <= peers; peer++) {
      const data = {
        timestamp: START + minute * 60 + peer,
        peer: `192.0.2.${peer}`,
        peer_asn: String(100 + peer),
        host: 'rrc00',
        type: 'UPDATE',
        path: [100 + peer, carrier, ...behind],
        origin: 'igp',
        announcements: [{ next_hop: `192.0.2.${peer}`, prefixes }],
      };
      this.#updates.push(data);
    }
    return this;
  }

  /** The first `peers` peers withdraw the prefixes, in one minute. */
  withdraw(minute: number, peers: number, prefixes: string[]): this {
    for (let peer = 1; peer <= peers; peer++) {
      const data = {
        timestamp: START + minute * 60 + peer,
        peer: `192.0.2.${peer}`,
        peer_asn: String(100 + peer),
        host: 'rrc00',
        type: 'UPDATE',
        withdrawals: prefixes,
      };
      this.#updates.push(data);
    }
    return this;
  }

  /** Minutes as the correlator takes them, without models, from the first one on; the aggregator is restored at `restart`. */
  inputs(minutes: number, restart?: number): MinuteInput[] {
    for (let minute = 1; minute < minutes; minute++) this.announce(minute, 1, 201, [3100], ['10.1.0.0/16']);
    const settings = { stream: 'rrc00', warmUpMinutes: 1 };
    const updates = this.#updates.sort((a, b) => a.timestamp - b.timestamp);
    const isLater = ({ timestamp }: { timestamp: number }) =>
      restart !== undefined && timestamp >= START + restart * 60;
    let aggregator = new MinuteAggregator(settings);
    aggregator.add(batchOf(updates.filter((update) => !isLater(update))));
    const rows = aggregator.take();
    if (restart !== undefined) {
      aggregator = restored(snapshotOf(aggregator), settings);
      aggregator.add(batchOf(updates.filter(isLater)));
    }
    aggregator.advance((START + minutes * 60 + 30) * 1000);
    return [...rows, ...aggregator.take()].map(({ minute, kind, values, evidence }) => ({
      minute,
      gap: kind === 'gap',
      score: null,
      threshold: null,
      anomalous: false,
      votes: {},
      values,
      evidence,
    }));
  }
}

function batchOf(updates: readonly object[]): UpdateBatch {
  const builder = new UpdateBatchBuilder();
  for (const data of updates) {
    const outcome = decodeRisLiveMessage(JSON.stringify({ type: 'ris_message', data }), builder);
    if (outcome.kind === 'bad') throw new Error(outcome.reason);
  }
  return UpdateBatch.decode(builder.finish());
}
