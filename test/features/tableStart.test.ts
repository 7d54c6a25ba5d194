import { describe, expect, test } from '@jest/globals';
import { IPV4_ADDRESS } from '../../src/bgp/address.js';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import type { MinuteAggregatorOptions } from '../../src/features/aggregatorOptions.js';
import { restored, snapshotOf } from '../../src/features/aggregatorSnapshot.js';
import { featureIndex } from '../../src/features/catalogue.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import type { FeatureRow } from '../../src/features/row.js';
import { mulberry32 } from '../../src/random/mulberry32.js';
import { type DumpedPrefix, tableDumpV2 } from '../../src/simulation/tableDump.js';

const BASE = 1_700_000_040;
const FIRST = BASE / 60;
const PEERS = [1, 2, 3].map((peer) => ({ address: `192.0.2.${peer}`, asNumber: 100 + peer }));

const held = (prefix: string, origin: number, age = 86_400): DumpedPrefix => ({
  prefix,
  routes: PEERS.map(({ address, asNumber }, peer) => ({
    peer,
    path: [asNumber, 20, origin],
    origin: 0,
    nextHop: address,
    originated: BASE - age - peer,
  })),
});
const TABLE = [held('10.0.0.0/16', 200), held('10.1.0.0/16', 201), held('10.2.0.0/16', 202, 60)];

async function tableBatches(prefixes: readonly DumpedPrefix[], cutAt?: number): Promise<UpdateBatch[]> {
  async function* source() {
    yield tableDumpV2(BASE, PEERS, prefixes).subarray(0, cutAt);
  }
  const batches: UpdateBatch[] = [];
  for await (const { batch } of decodeMrt(source(), { batchMessages: 2 })) {
    if (batch.messages > 0) batches.push(UpdateBatch.decode(batch.finish()));
  }
  return batches;
}

interface Told {
  at: number;
  peer?: number;
  path?: number[];
  announce?: string[];
  withdraw?: string[];
}

function updates(messages: Told[]): UpdateBatch {
  const builder = new UpdateBatchBuilder();
  for (const { at, peer = 1, path = [100 + peer, 20, 200], announce = [], withdraw } of messages) {
    const data: Record<string, unknown> = {
      timestamp: BASE + at,
      peer: `192.0.2.${peer}`,
      peer_asn: String(100 + peer),
      type: 'UPDATE',
      path,
      origin: 'igp',
      announcements: announce.length === 0 ? [] : [{ next_hop: `192.0.2.${peer}`, prefixes: announce }],
      withdrawals: withdraw ?? [],
    };
    const outcome = decodeRisLiveMessage(JSON.stringify({ type: 'ris_message', data }), builder);
    if (outcome.kind !== 'update') throw new Error(outcome.reason);
  }
  return UpdateBatch.decode(builder.finish());
}

const hijack: Told[] = [
  { at: 5, announce: ['10.0.0.0/16'] },
  { at: 70, peer: 1, announce: ['10.0.0.0/16'], path: [101, 20, 666] },
  { at: 71, peer: 2, announce: ['10.0.0.0/16'], path: [102, 20, 666] },
];

function rowsOf(batches: UpdateBatch[], options: Partial<MinuteAggregatorOptions> = {}): FeatureRow[] {
  const aggregator = new MinuteAggregator({ stream: 's', ...options });
  for (const batch of batches) aggregator.add(batch);
  aggregator.advance((BASE + 300) * 1000);
  return aggregator.take();
}

const value = (row: FeatureRow, name: string) => row.values[featureIndex(name)];

describe('a stream that begins with a table', () => {
  test('knows its routes without counting them, and sees a hijack in its second minute', async () => {
    const rows = rowsOf([...(await tableBatches(TABLE)), updates(hijack)]);
    expect(rows[0]!.minute).toBe(FIRST);
    expect(value(rows[0]!, 'announcements')).toBe(1);
    expect(value(rows[0]!, 'duplicate_announcements')).toBe(1);
    expect(rows[0]!.evidence.newOrigins).toEqual([]);
    expect(rows[1]!.evidence.newOrigins).toMatchObject([
      { prefix: '10.0.0.0/16', origin: 666, previousOrigins: [200] },
    ]);
    expect(value(rows[1]!, 'implicit_withdrawals')).toBe(2);
    // without it, the first hour teaches what is ordinary
    const cold = rowsOf([updates(hijack)]);
    expect(cold[1]!.evidence.newOrigins).toEqual([]);
  });

  test('what the dump has is not news when it moves, however young it is there', async () => {
    const moves = updates([
      { at: 5, announce: ['10.2.0.0/16'], path: [101, 20, 202] },
      { at: 6, announce: ['10.1.0.0/16'], path: [101, 20, 201] },
    ]);
    const [row] = rowsOf([...(await tableBatches(TABLE)), moves]);
    expect(row!.evidence.newOrigins).toEqual([]);
    expect(row!.evidence.moreSpecifics).toEqual([]);
    expect(row!.evidence.newLinks).toEqual([]);
  });

  test('a dump that is cut is used as far as it goes, and the stream warms up', async () => {
    const cut = await tableBatches(TABLE, tableDumpV2(BASE, PEERS, TABLE).length - 3);
    const aggregator = new MinuteAggregator({ stream: 's' });
    for (const batch of cut) aggregator.add(batch);
    expect(aggregator.knowsTable).toBe(false);
    expect(aggregator.holdings).toMatchObject({ routes: 6, prefixes: 2, peers: 3 });
    const rows = rowsOf([...cut, updates(hijack)]);
    expect(value(rows[0]!, 'duplicate_announcements')).toBe(1);
    expect(rows[1]!.evidence.newOrigins).toEqual([]);
  });

  test('a table of another day is too old for that', async () => {
    const late = hijack.map((message) => ({ ...message, at: message.at + 2 * 86_400 }));
    const aggregator = new MinuteAggregator({ stream: 's' });
    for (const batch of await tableBatches(TABLE)) aggregator.add(batch);
    expect(aggregator.knowsTable).toBe(true);
    aggregator.add(updates(late));
    expect(aggregator.knowsTable).toBe(false);
  });

  test('routes to a prefix learnt together are those learnt one by one', () => {
    const random = mulberry32(7);
    const draw = (below: number) => Math.floor(random() * below);
    const entries: [peer: number, prefix: number, path: number[], age: number][] = [];
    for (let prefix = 0; prefix < 150; prefix++) {
      // peers out of order, some twice, and prefixes of two networks; every tenth prefix comes up again
      for (let left = 1 + draw(40); left > 0; left--) {
        const peer = draw(30);
        const origin = 200 + (draw(5) === 0 ? draw(50) : prefix % 50);
        entries.push([
          peer,
          prefix % 10 === 9 ? draw(prefix) : prefix,
          [100 + peer, 20 + draw(3), origin],
          draw(9_000),
        ]);
      }
    }
    const learnt = (messages: number, maximumRoutes: number) => {
      const aggregator = new MinuteAggregator({ stream: 's', maximumRoutes });
      const builder = new UpdateBatchBuilder();
      const flush = () => aggregator.learn(UpdateBatch.decode(builder.finish()));
      for (const [peer, prefix, path, age] of entries) {
        builder.begin();
        builder.words.set([0xc0000200 + peer, 0, 0, 0]);
        const address = builder.address(IPV4_ADDRESS);
        builder.words[0] = 0x0a000000 + prefix * 0x10000;
        builder.announce(builder.prefix(16), address, 0);
        for (const as of path) builder.paths.push(as, 0);
        builder.commitRibEntry(BASE * 1000, builder.peer(address, 100 + peer), 0, builder.paths.close(), age);
        if (builder.messages === messages) flush();
      }
      if (builder.messages > 0) flush();
      aggregator.add(updates(hijack));
      aggregator.advance((BASE + 300) * 1000);
      const { bytes: _, ...holdings } = aggregator.holdings;
      const routes = aggregator
        .routesWhere(() => true)
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      return { rows: aggregator.take(), holdings, routes, counts: { ...aggregator.counts } };
    };
    for (const maximum of [10_000, 1_000]) {
      const apart = learnt(1, maximum);
      expect(apart.routes.length).toBeGreaterThan(maximum === 1_000 ? 900 : 1_500);
      for (const messages of [7, 5_000]) expect(learnt(messages, maximum)).toEqual(apart);
    }
  });

  test('a cut anywhere between the batches gives equal rows', async () => {
    const batches = [...(await tableBatches(TABLE)), updates(hijack)];
    const whole = rowsOf(batches);
    for (let at = 0; at <= batches.length; at++) {
      const first = new MinuteAggregator({ stream: 's' });
      for (const batch of batches.slice(0, at)) first.add(batch);
      const second = restored(snapshotOf(first), { stream: 's' });
      for (const batch of batches.slice(at)) second.add(batch);
      second.advance((BASE + 300) * 1000);
      expect(second.take()).toEqual(whole);
    }
  });

  test('updates between the table and the feed are learnt, and start no minute', async () => {
    const aggregator = new MinuteAggregator({ stream: 's' });
    for (const batch of await tableBatches(TABLE)) aggregator.learn(batch);
    aggregator.learn(updates([{ at: 100, peer: 2, announce: ['10.0.0.0/16'], path: [102, 30, 200] }]));
    aggregator.learn(updates([{ at: 200, peer: 3, withdraw: ['10.0.0.0/16'] }]));
    expect(aggregator.watermark).toBeNull();
    aggregator.add(
      updates([
        { at: 3600, peer: 2, announce: ['10.0.0.0/16'], path: [102, 30, 200] },
        { at: 3601, peer: 3, withdraw: ['10.0.0.0/16'] },
        { at: 3602, peer: 1, announce: ['10.0.0.0/16'], path: [101, 20, 667] },
      ]),
    );
    aggregator.advance((BASE + 3600 + 100) * 1000);
    const [row] = aggregator.take();
    expect(row!.minute).toBe(FIRST + 60);
    expect(value(row!, 'duplicate_announcements')).toBe(1);
    expect(value(row!, 'duplicate_withdrawals')).toBe(1);
    expect(row!.evidence.newOrigins).toMatchObject([{ origin: 667, previousOrigins: [200] }]);
    // peer 2 came by another link, which is known by now
    expect(row!.evidence.newLinks.map(({ left, right }) => [left, right])).toEqual([[20, 667]]);
  });

  test('path identifiers tell routes of a peer apart, also when they come late and after a restore', async () => {
    const plain = held('10.0.0.0/16', 200);
    const [first] = plain.routes;
    const twice = { prefix: '10.9.0.0/16', routes: [1, 2].map((pathId) => ({ ...first!, pathId })) };
    const earlier = new MinuteAggregator({ stream: 's' });
    for (const batch of await tableBatches([plain])) earlier.add(batch);
    let aggregator = restored(snapshotOf(earlier), { stream: 's' });
    const before = aggregator.holdings;
    for (const batch of await tableBatches([twice, plain])) aggregator.add(batch);
    expect(aggregator.holdings.routes).toBe(5);
    aggregator = restored(snapshotOf(aggregator), { stream: 's' });
    for (const batch of await tableBatches([twice, plain])) aggregator.add(batch);
    expect(aggregator.holdings.routes).toBe(5);
    // the column of identifiers takes room only where there are some
    expect(aggregator.holdings.bytes - before.bytes).toBeGreaterThanOrEqual(4 * 256);
  });

  test('a table beyond the bound forgets and says how much', async () => {
    const many = Array.from({ length: 400 }, (_, i) => held(`10.${i >> 8}.${i & 255}.0/24`, 300 + i));
    const aggregator = new MinuteAggregator({ stream: 's', maximumRoutes: 1000 });
    for (const batch of await tableBatches(many)) aggregator.add(batch);
    expect(aggregator.holdings).toMatchObject({ routes: 1000, evictedRoutes: 200, peers: 3 });
    expect(aggregator.holdings.bytes).toBeGreaterThan(40_000);
  });
});
