import { expect, test } from '@jest/globals';
import { BadBatch } from '../../src/bgp/batchEncoding.js';
import { ColumnRoom } from '../../src/bgp/columnRoom.js';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { Random } from '../../src/random/random.js';

/** An update as RIS Live writes it: of IPv4 and IPv6, with and without paths. */
function line(random: Random, at: number): Buffer {
  const six = random.integer(4) === 0;
  const prefix = () =>
    six ? `2001:db8:${random.integer(500).toString(16)}::/48` : `10.${random.integer(200)}.${random.integer(30)}.0/24`;
  const peer = 1 + random.integer(9);
  const data = {
    timestamp: 1_700_000_000 + at / 4,
    peer: `192.0.2.${peer}`,
    peer_asn: String(64_500 + peer),
    id: String(at),
    host: 'rrc00',
    type: 'UPDATE',
    path: [64_500 + peer, 65_000 + random.integer(20), 66_000 + random.integer(300)],
    origin: 'IGP',
    announcements: [
      {
        next_hop: six ? '2001:db8::1' : `192.0.2.${peer}`,
        prefixes: Array.from({ length: 1 + random.integer(6) }, prefix),
      },
    ],
    withdrawals: random.integer(3) === 0 ? [prefix()] : [],
  };
  return Buffer.from(JSON.stringify({ type: 'ris_message', data }));
}

/** Batches of very different sizes, each made from the same messages in three ways. */
function* batches() {
  const random = new Random(11);
  const builders = [new UpdateBatchBuilder(), new UpdateBatchBuilder(), new UpdateBatchBuilder()] as const;
  let at = 0;
  for (let batch = 0; batch < 24; batch++) {
    for (let left = 1 + random.integer(batch % 3 === 0 ? 400 : 40); left > 0; left--, at++) {
      const bytes = line(random, at);
      for (const builder of builders) expect(decodeRisLiveMessage(bytes, builder).kind).toBe('update');
    }
    yield { kept: builders[0].takeColumns(), lent: builders[1].lendColumns(), bytes: builders[2].finish() };
  }
}

test('lent columns, kept ones and those decoded into the same room are equal, and give the same rows', () => {
  const room = new ColumnRoom();
  const aggregators = Array.from({ length: 3 }, () => new MinuteAggregator({ stream: 's' }));
  const kept: UpdateBatch[] = [];
  const texts: string[] = [];
  for (const batch of batches()) {
    const decoded = UpdateBatch.decode(batch.bytes, room);
    expect(batch.lent).toEqual(batch.kept);
    expect(decoded.columns).toEqual(batch.kept);
    expect(UpdateBatch.decode(batch.bytes).columns).toEqual(batch.kept);
    const own = new UpdateBatch(batch.kept);
    expect(own.encode()).toEqual(batch.bytes);
    for (const [i, one] of [own, new UpdateBatch(batch.lent), decoded].entries()) aggregators[i]!.add(one);
    kept.push(own);
    texts.push(JSON.stringify([...own.routeElements()]));
  }
  const rows = aggregators.map((aggregator) => {
    aggregator.finish();
    return aggregator.take();
  });
  expect(rows[0]!.length).toBeGreaterThan(5);
  expect(rows[1]).toEqual(rows[0]);
  expect(rows[2]).toEqual(rows[0]);
  // what was kept is still what it was
  expect(kept.map((batch) => JSON.stringify([...batch.routeElements()]))).toEqual(texts);
});

test('a batch that is refused leaves the room usable', () => {
  const room = new ColumnRoom();
  let refused = 0;
  for (const { bytes, kept } of batches()) {
    const cut = bytes.slice(0, bytes.length - 3);
    expect(() => UpdateBatch.decode(cut, room)).toThrow(BadBatch);
    refused++;
    expect(UpdateBatch.decode(bytes, room).columns).toEqual(kept);
  }
  expect(refused).toBe(24);
});
