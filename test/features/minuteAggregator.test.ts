import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import type { MinuteAggregatorOptions } from '../../src/features/aggregatorOptions.js';
import { restored, snapshotOf } from '../../src/features/aggregatorSnapshot.js';
import { featureIndex } from '../../src/features/catalogue.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';

const BASE = 1_700_000_040;
const FIRST = BASE / 60;

interface Told {
  at: number;
  peer?: number;
  path?: (number | number[])[];
  announce?: string[];
  withdraw?: string[];
  state?: string;
}

function told({ at, peer = 1, path = [100 + peer, 200], announce, withdraw, state }: Told): string {
  const data: Record<string, unknown> = {
    timestamp: BASE + at,
    peer: `192.0.2.${peer}`,
    peer_asn: String(100 + peer),
    host: 'rrc00',
    type: state === undefined ? 'UPDATE' : 'RIS_PEER_STATE',
  };
  if (state !== undefined) data.state = state;
  if (announce !== undefined) {
    Object.assign(data, { path, origin: 'igp', announcements: [{ next_hop: `192.0.2.${peer}`, prefixes: announce }] });
  }
  if (withdraw !== undefined) data.withdrawals = withdraw;
  return JSON.stringify({ type: 'ris_message', data });
}

function batchOf(messages: Told[]): UpdateBatch {
  const builder = new UpdateBatchBuilder();
  for (const message of messages) {
    const outcome = decodeRisLiveMessage(told(message), builder);
    if (outcome.kind === 'bad') throw new Error(outcome.reason);
  }
  return UpdateBatch.decode(builder.finish());
}

function rowsOf(messages: Told[], until: number, options: Partial<MinuteAggregatorOptions> = {}): FeatureRow[] {
  const aggregator = new MinuteAggregator({ stream: 's', warmUpMinutes: 1, ...options });
  aggregator.add(batchOf(messages));
  aggregator.advance((BASE + until) * 1000);
  return aggregator.take();
}

const value = (row: FeatureRow, name: string) => row.values[featureIndex(name)];

describe('minute features', () => {
  test('find a known path again where a batch asks for a later one first', () => {
    const aggregator = new MinuteAggregator({ stream: 's', warmUpMinutes: 1 });
    const known = { announce: ['10.0.0.0/16'], path: [101, 5, 6] };
    const other = { announce: ['10.1.0.0/16'], path: [101, 7, 8] };
    aggregator.add(
      batchOf([
        { at: 1, ...other },
        { at: 2, ...known },
      ]),
    );
    // two days ahead: refused, so that its path is not asked for
    aggregator.add(
      batchOf([
        { at: 172_800, ...known },
        { at: 3, ...other },
        { at: 4, ...known },
      ]),
    );
    aggregator.advance((BASE + 90) * 1000);
    const [row] = aggregator.take() as [FeatureRow];
    expect(aggregator.counts.future).toBe(1);
    expect(value(row, 'duplicate_announcements')).toBe(2);
    expect(value(row, 'implicit_withdrawals')).toBe(0);
  });

  test('count messages, prefixes, duplicates and replacements', () => {
    const [row] = rowsOf(
      [
        { at: 1, announce: ['10.0.0.0/16', '10.1.0.0/16'], path: [101, 5, 5, [7, 8]] },
        { at: 2, announce: ['10.0.0.0/16'], path: [101, 5, 5, [7, 8]] },
        { at: 3, announce: ['10.0.0.0/16'], path: [101, 6, 9, 10] },
        { at: 4, withdraw: ['10.0.0.0/16', '10.9.0.0/16'] },
        { at: 5, withdraw: ['10.0.0.0/16'] },
        { at: 59, announce: ['10.0.0.0/16'], withdraw: ['10.1.0.0/16'], path: [101] },
      ],
      90,
    ) as [FeatureRow];
    expect(row.minute).toBe(FIRST);
    expect(value(row, 'announcements')).toBe(4);
    expect(value(row, 'withdrawals')).toBe(3);
    expect(value(row, 'announced_prefixes')).toBe(5);
    expect(value(row, 'withdrawn_prefixes')).toBe(4);
    expect(value(row, 'duplicate_announcements')).toBe(1);
    expect(value(row, 'implicit_withdrawals')).toBe(1);
    expect(value(row, 'duplicate_withdrawals')).toBe(1);
    // 101 5 5 {7,8} -> 101 6 9 10: three substitutions
    expect(value(row, 'maximum_edit_distance')).toBe(3);
    expect(value(row, 'average_edit_distance')).toBe(3);
    expect(value(row, 'average_as_path_length')).toBeCloseTo((4 + 4 + 4 + 1) / 4);
    expect(value(row, 'average_unique_as_path_length')).toBeCloseTo((3 + 3 + 4 + 1) / 4);
    expect(value(row, 'maximum_as_path_length')).toBe(4);
    expect(value(row, 'origin_igp')).toBe(4);
    expect(value(row, 'arrival_rate')).toBeCloseTo(0.1);
  });

  test('a silent minute is a row of zeros, a gap is marked', () => {
    const aggregator = new MinuteAggregator({ stream: 's' });
    aggregator.add(batchOf([{ at: 1, announce: ['10.0.0.0/16'] }]));
    aggregator.advance((BASE + 150) * 1000);
    aggregator.gap((BASE + 150) * 1000, (BASE + 200) * 1000);
    aggregator.advance((BASE + 330) * 1000);
    const rows = aggregator.take();
    expect(rows.map((row) => row.kind)).toEqual(['observed', 'observed', 'gap', 'gap', 'observed']);
    expect(rows.map((row) => row.minute - FIRST)).toEqual([0, 1, 2, 3, 4]);
    expect([...rows[1]!.values].every((number) => number === 0)).toBe(true);
    expect(aggregator.watermark).toBe(FIRST + 4);
  });

  test('a gap of a month, part of it closed, is gap rows and little memory', () => {
    const aggregator = new MinuteAggregator({ stream: 's' });
    aggregator.add(
      batchOf([
        { at: 1, announce: ['10.0.0.0/16'] },
        { at: 100, announce: ['10.0.0.0/16'] },
      ]),
    );
    aggregator.gap((BASE + 30) * 1000, (BASE + 30 * 86_400) * 1000);
    const again = restored(snapshotOf(aggregator), { stream: 's' });
    for (const one of [aggregator, again]) {
      one.advance((BASE + 30 * 86_400 + 90) * 1000);
      const rows = one.take();
      expect(rows.map((row) => row.kind).slice(0, 2)).toEqual(['observed', 'gap']);
      expect(rows.filter((row) => row.kind === 'gap')).toHaveLength(30 * 1440 - 1);
      expect(one.counts.lateGaps).toBe(1);
    }
  });

  test('late messages inside the grace count in their minute, later ones are counted as late', () => {
    const aggregator = new MinuteAggregator({ stream: 's' });
    aggregator.add(
      batchOf([
        { at: 50, announce: ['10.0.0.0/16'] },
        { at: 85, announce: ['10.1.0.0/16'] },
      ]),
    );
    aggregator.add(
      batchOf([
        { at: 59, announce: ['10.2.0.0/16'] },
        { at: 95, announce: ['10.3.0.0/16'] },
      ]),
    );
    aggregator.add(batchOf([{ at: 58, announce: ['10.4.0.0/16'] }]));
    aggregator.advance((BASE + 150) * 1000);
    expect(aggregator.take().map((row) => value(row, 'announcements'))).toEqual([2, 2]);
    expect(aggregator.counts.late).toBe(1);
  });

  test('messages more than a day ahead are refused', () => {
    const aggregator = new MinuteAggregator({ stream: 's' });
    aggregator.add(
      batchOf([
        { at: 1, announce: ['10.0.0.0/16'] },
        { at: 90_000, announce: ['10.0.0.0/16'] },
      ]),
    );
    expect(aggregator.counts.future).toBe(1);
    expect(aggregator.watermark).toBeNull();
    const clocked = new MinuteAggregator({ stream: 's', now: () => (BASE + 10) * 1000, futureSeconds: 60 });
    clocked.add(
      batchOf([
        { at: 70, announce: ['10.0.0.0/16'] },
        { at: 71, announce: ['10.0.0.0/16'] },
      ]),
    );
    expect(clocked.counts.future).toBe(1);
  });
});

describe('evidence', () => {
  const table: Told[] = [1, 2, 3].map((peer) => ({
    at: peer,
    peer,
    path: [100 + peer, 200, 300],
    announce: ['10.0.0.0/16', '10.1.0.0/16'],
  }));

  test('names a hijacked prefix with its former origin and the peers that believe it', () => {
    const rows = rowsOf(
      [
        ...table,
        { at: 130, peer: 1, path: [101, 200, 666], announce: ['10.0.0.0/16'] },
        { at: 131, peer: 2, path: [102, 200, 666], announce: ['10.0.0.0/16'] },
        { at: 190, peer: 3, path: [103, 200, 666], announce: ['10.0.0.0/16'] },
        { at: 250, peer: 1, path: [101, 200, 300], announce: ['10.0.0.0/16'] },
      ],
      330,
    );
    expect(rows[2]!.evidence.newOrigins).toEqual([
      expect.objectContaining({
        prefix: '10.0.0.0/16',
        origin: 666,
        previousOrigins: [300],
        peers: 2,
        path: [101, 200, 666],
      }),
    ]);
    expect(rows[2]!.evidence.newOrigins[0]!.facts).toMatchObject({
      routes: 3,
      taken: 2,
      held: 1,
      adjacent: false,
      reach: 3,
    });
    expect(rows[3]!.evidence.newOrigins[0]!.peers).toBe(1);
    // three led to the holder when it began; when this minute closed, one of those that had gone over was back
    expect(rows[3]!.evidence.newOrigins[0]!.facts).toMatchObject({ taken: 2, held: 1, reach: 3 });
    expect(rows[2]!.evidence.newLinks).toEqual([{ left: 200, right: 666, routes: 2, prefixes: ['10.0.0.0/16'] }]);
    // nobody speaks of it any more, but where its routes are is still looked at
    expect(rows[4]!.evidence.newOrigins).toMatchObject([{ prefix: '10.0.0.0/16', origin: 666, peers: 0 }]);
    const changed = (peer: number) => ({
      peer: `192.0.2.${peer}`,
      peerAs: 100 + peer,
      prefix: '10.0.0.0/16',
      before: [100 + peer, 200, 300],
      during: [100 + peer, 200, 666],
    });
    expect(rows[1]!.evidence.paths).toBeUndefined();
    expect(rows[2]!.evidence.paths).toEqual([changed(1), changed(2)]);
    expect(rows[3]!.evidence.paths).toEqual([changed(3)]);
    // The way back, too.
    const { before, during } = changed(1);
    expect(rows[4]!.evidence.paths).toEqual([{ ...changed(1), before: during, during: before }]);
  });

  test('keeps the path that a peer had before the minute, and shows the prefixes of most peers whole', () => {
    const rows = rowsOf(
      [
        ...table,
        { at: 130, peer: 1, path: [101, 9, 666], announce: ['10.0.0.0/16', '10.1.0.0/16'] },
        { at: 131, peer: 1, path: [101, 9, 8, 666], announce: ['10.0.0.0/16'] },
        { at: 132, peer: 2, path: [102, 9, 666], announce: ['10.0.0.0/16'] },
        { at: 133, peer: 4, path: [104, 9, 666], announce: ['10.0.0.0/16'] },
      ],
      330,
    );
    const paths = rows[2]!.evidence.paths!;
    expect(paths.map(({ prefix }) => prefix)).toEqual([...Array(3).fill('10.0.0.0/16'), '10.1.0.0/16']);
    expect(paths[0]).toMatchObject({ before: [101, 200, 300], during: [101, 9, 8, 666] });
    expect(paths[2]).toMatchObject({ peerAs: 104, before: [], during: [104, 9, 666] });
  });

  test('lists the prefixes whose paths change most within the minute', () => {
    const flaps = [1, 2, 3, 4].map((at) => ({
      at: 120 + at,
      announce: ['10.0.0.0/16'],
      path: [101, 5, 1 + (at % 2), 200],
    }));
    const once = [
      { at: 121, announce: ['10.1.0.0/16'], path: [101, 7, 200] },
      { at: 122, announce: ['10.1.0.0/16'], path: [101, 8, 200] },
      { at: 123, announce: ['10.1.0.0/16'], path: [101, 8, 200] },
    ];
    const rows = rowsOf(
      [...flaps, ...once].sort((a, b) => a.at - b.at),
      400,
    );
    expect(rows.find(({ minute }) => minute === FIRST + 2)!.evidence.changing).toEqual([
      { name: '10.0.0.0/16', count: 3 },
    ]);
  });

  test('names a more specific prefix of another origin', () => {
    const rows = rowsOf([...table, { at: 130, path: [101, 200, 666], announce: ['10.1.7.0/24', '10.9.0.0/24'] }], 330);
    expect(rows[2]!.evidence.moreSpecifics).toEqual([
      expect.objectContaining({
        prefix: '10.1.7.0/24',
        covering: '10.1.0.0/16',
        origin: 666,
        coveringOrigins: [300],
        peers: 1,
        path: [101, 200, 666],
      }),
    ]);
  });

  test('tells an outage from a route that comes back within the minute', () => {
    const rows = rowsOf(
      [
        ...table,
        { at: 130, peer: 1, withdraw: ['10.0.0.0/16', '10.1.0.0/16'] },
        { at: 131, peer: 2, withdraw: ['10.0.0.0/16'] },
        { at: 132, peer: 1, path: [101, 7, 300], announce: ['10.1.0.0/16'] },
      ],
      330,
    );
    expect(rows[2]!.evidence.withdrawn).toEqual([{ prefix: '10.0.0.0/16', peers: 2, peersBefore: 3, origin: 300 }]);
  });

  test('tells a session reset by its states and by the table that comes again', () => {
    const prefixes = Array.from({ length: 40 }, (_, i) => `10.0.${i}.0/24`);
    const rows = rowsOf(
      [
        { at: 1, announce: prefixes },
        { at: 61, state: 'down' },
        { at: 121, state: 'connected' },
        { at: 125, announce: prefixes },
      ],
      330,
    );
    const peer = { peer: '192.0.2.1', peerAs: 101 };
    expect(rows[1]!.evidence.resets).toEqual([{ ...peer, state: 'down', routes: 40 }]);
    expect(rows[2]!.evidence.resets).toEqual([{ ...peer, state: 'up', routes: 40 }]);
    expect(rows[2]!.evidence.reannouncing).toEqual([{ ...peer, routes: 40, of: 40 }]);
    expect(rows[1]!.evidence.withdrawn).toEqual([]);
  });

  test('stays silent while warming up', () => {
    const rows = rowsOf([...table, { at: 130, path: [101, 9, 666], announce: ['10.0.0.0/16'] }], 330, {
      warmUpMinutes: 60,
    });
    expect(rows[2]!.evidence.newOrigins).toEqual([]);
    expect(rows[2]!.evidence.newLinks).toEqual([]);
  });
});

const messageParts = {
  at: fc.integer({ min: 0, max: 900 }),
  peer: fc.integer({ min: 1, max: 4 }),
  path: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
  announce: fc.option(
    fc.array(fc.integer({ min: 0, max: 20 }).map((n) => `10.${n >> 2}.${(n & 3) << 6}.0/${18 + (n & 3)}`)),
    {
      nil: undefined,
    },
  ),
  withdraw: fc.option(
    fc.array(fc.integer({ min: 0, max: 20 }).map((n) => `10.${n >> 2}.${(n & 3) << 6}.0/${18 + (n & 3)}`)),
    {
      nil: undefined,
    },
  ),
  state: fc.option(fc.constantFrom('down', 'connected'), { nil: undefined, freq: 8 }),
};
const message = fc.record(messageParts);
const fewPaths = fc.constantFrom<number[]>([1, 2], [1, 3, 2], [4, 3, 5], [1, 5]);

describe('batches', () => {
  test('are only a way to carry messages: however they are cut, the rows are equal', () => {
    fc.assert(
      fc.property(
        // Few paths, met again after they are no longer new.
        fc.array(fc.record({ ...messageParts, at: fc.integer({ min: 0, max: 1_800 }), path: fewPaths }), {
          minLength: 2,
          maxLength: 60,
        }),
        fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 6 }),
        (messages, sizes) => {
          messages.sort((a, b) => a.at - b.at);
          const cut = new MinuteAggregator({ stream: 's', warmUpMinutes: 1 });
          for (let at = 0, i = 0; at < messages.length; at += sizes[i++ % sizes.length]!) {
            cut.add(batchOf(messages.slice(at, at + sizes[i % sizes.length]!)));
          }
          cut.finish();
          const whole = new MinuteAggregator({ stream: 's', warmUpMinutes: 1 });
          whole.add(batchOf(messages));
          whole.finish();
          expect(cut.take()).toEqual(whole.take());
        },
      ),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 300) },
    );
  });
});

describe('restoring', () => {
  test('a snapshot anywhere goes on with equal rows, whatever the bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(message, { maxLength: 20 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 11 }),
        fc.constantFrom(4, 30, 100_000),
        fc.boolean(),
        (batches, cut, maximumRoutes, takeBefore) => {
          const options = { stream: 's', warmUpMinutes: 2, maximumRoutes, maximumLinks: maximumRoutes };
          const encoded = batches.map((messages) => {
            messages.sort((a, b) => a.at - b.at);
            return batchOf(messages);
          });
          const whole = new MinuteAggregator(options);
          encoded.forEach((batch, i) => {
            whole.add(batch);
            if (i % 3 === 2) whole.gap((BASE + i * 60) * 1000, (BASE + i * 90) * 1000);
          });
          whole.finish();

          let parts = new MinuteAggregator(options);
          const rows: FeatureRow[] = [];
          encoded.forEach((batch, i) => {
            if (i === cut) {
              if (takeBefore) rows.push(...parts.take());
              parts = restored(snapshotOf(parts), options);
            }
            parts.add(batch);
            if (i % 3 === 2) parts.gap((BASE + i * 60) * 1000, (BASE + i * 90) * 1000);
          });
          parts.finish();
          rows.push(...parts.take());
          expect(rows).toEqual(whole.take());
          expect(parts.counts).toEqual(whole.counts);
        },
      ),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 150) },
    );
  });
});
