import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { BadArchive, decompressed } from '../../src/bgp/mrt/decompression.js';
import { MrtDecoder } from '../../src/bgp/mrt/mrtDecoder.js';
import type { MrtStatistics } from '../../src/bgp/mrt/mrtStatistics.js';
import { type RouteElement, UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import {
  asPath,
  attribute,
  bgp4mp,
  bgp4mpHeader,
  bgpMessage,
  ipv4,
  ipv6,
  NOW,
  nextHop,
  origin,
  prefix,
  record,
  segment,
  u8,
  u16,
  u32,
  update,
} from './mrtFixture.js';

function decode(...records: Buffer[]): { elements: RouteElement[]; batch: UpdateBatch; statistics: MrtStatistics } {
  const builder = new UpdateBatchBuilder();
  const decoder = new MrtDecoder(builder);
  // pieces that cut headers and bodies
  const bytes = Buffer.concat(records);
  for (let at = 0; at < bytes.length; at += 7) {
    decoder.push(bytes.subarray(at, at + 7));
    decoder.decode(Number.POSITIVE_INFINITY);
  }
  decoder.end();
  decoder.decode(Number.POSITIVE_INFINITY);
  const batch = new UpdateBatch(builder.takeColumns());
  return { elements: [...batch.routeElements()], batch, statistics: decoder.statistics };
}

const TEN = prefix(ipv4('10.0.0.0'), 8);
const basic = [origin(0), asPath([64500, 3356]), nextHop('192.0.2.1')];
const plain = bgp4mp(NOW, bgpMessage(update([], basic, [TEN])));

describe('MRT records', () => {
  test('BGP4MP_ET keeps milliseconds', () => {
    const body = Buffer.concat([u32(123_456), bgp4mpHeader(64500), bgpMessage(update([], basic, [TEN]))]);
    expect(decode(record(NOW, 17, 4, body)).elements[0]!.timeMs).toBe(NOW * 1000 + 123);
  });

  test('multiprotocol attributes of IPv6, with a link-local next hop', () => {
    const hop = Buffer.concat([ipv6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), ipv6(0xfe80, 0, 0, 0, 0, 0, 0, 1)]);
    const address = ipv6(0x2001, 0xdb8, 0xabcd, 0, 0, 0, 0, 0);
    const reach = Buffer.concat([u16(2), u8(1, 32), hop, u8(0), prefix(address, 48)]);
    const unreach = Buffer.concat([u16(2), u8(1), prefix(address, 40)]);
    const attributes = [attribute(14, reach), attribute(15, unreach), origin(2), asPath([64500])];
    const { elements } = decode(bgp4mp(NOW, bgpMessage(update([], attributes, []))));
    expect(elements).toMatchObject([
      { type: 'W', prefix: '2001:db8:ab00::/40' },
      { type: 'A', prefix: '2001:db8:abcd::/48', nextHop: '2001:db8::1', path: '64500', origin: 'INCOMPLETE' },
    ]);
  });

  test('ADD-PATH keeps path identifiers (RFC 8050)', () => {
    const body = update([prefix(ipv4('10.0.0.0'), 8, 7)], basic, [prefix(ipv4('11.0.0.0'), 8, 9)]);
    const { batch } = decode(bgp4mp(NOW, bgpMessage(body), 9));
    expect([...batch.columns.pathId]).toEqual([7, 9]);
  });

  test('AS4_PATH takes the place of AS_TRANS (RFC 6793)', () => {
    const path = asPath([64500, 23456, 23456], 2);
    const as4 = attribute(17, segment(2, [4_200_000_001, 4_200_000_002], 4));
    const aggregator = attribute(7, Buffer.concat([u16(3356), ipv4('192.0.2.7')]));
    const as4Aggregator = attribute(18, Buffer.concat([u32(4_200_000_002), ipv4('192.0.2.7')]));
    const hop = nextHop('192.0.2.1');
    const paths = [
      [origin(0), path, hop, as4],
      [origin(0), path, hop, as4, aggregator, as4Aggregator],
    ].map((attributes) => decode(bgp4mp(NOW, bgpMessage(update([], attributes, [TEN])), 1)).elements[0]!.path);
    expect(paths).toEqual(['64500 4200000001 4200000002', '64500 23456 23456']);
  });

  test('sets and confederations', () => {
    const segments = [segment(3, [65001], 4), segment(2, [64500, 3356], 4), segment(1, [1, 2], 4), segment(1, [3], 4)];
    const attributes = [origin(0), attribute(2, Buffer.concat(segments)), nextHop('192.0.2.1')];
    const { elements } = decode(bgp4mp(NOW, bgpMessage(update([], attributes, [TEN]))));
    expect(elements[0]!.path).toBe('(65001) 64500 3356 {1,2} {3}');
  });

  test.each([
    ['ORIGIN 7', [attribute(1, u8(7)), asPath([64500]), nextHop('192.0.2.1')]],
    ['AS_PATH cut short', [origin(0), attribute(2, u8(2, 3, 0, 0)), nextHop('192.0.2.1')]],
    ['AS_PATH absent', [origin(0), nextHop('192.0.2.1')]],
    ['NEXT_HOP absent', [origin(0), asPath([64500])]],
    ['an attribute past the end', [...basic, u8(0x40, 9, 200, 1)]],
  ])('%s makes the routes withdrawals (RFC 7606)', (_, attributes) => {
    const { elements, statistics } = decode(bgp4mp(NOW, bgpMessage(update([], attributes, [TEN]))));
    expect(elements).toMatchObject([{ type: 'W', prefix: '10.0.0.0/8' }]);
    expect(statistics.treatedAsWithdraw).toBe(1);
  });

  test("changes of state, Quagga's 7 and 8 too", () => {
    const state = (from: number, to: number) =>
      record(NOW, 16, 5, Buffer.concat([bgp4mpHeader(64500), u16(from), u16(to)]));
    const { elements, statistics } = decode(state(6, 7), state(7, 8), state(6, 9));
    expect(elements.map(({ oldState, newState }) => [oldState, newState])).toEqual([
      [6, 7],
      [7, 8],
    ]);
    expect(statistics).toMatchObject({ records: 3, stateChanges: 2, skipped: 1 });
  });

  test('TABLE_DUMP_V2: entries by the peer index', () => {
    const peers = Buffer.concat([
      ipv4('192.0.2.254'),
      u16(4),
      Buffer.from('view'),
      u16(2),
      Buffer.concat([u8(2), ipv4('192.0.2.1'), ipv4('192.0.2.1'), u32(4_200_000_001)]),
      Buffer.concat([u8(1), ipv4('192.0.2.2'), ipv6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2), u16(64501)]),
    ]);
    const entry = (peer: number, attributes: Buffer[]) => {
      const value = Buffer.concat(attributes);
      return Buffer.concat([u16(peer), u32(NOW - 5), u16(value.length), value]);
    };
    const hop = ipv6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9);
    const abbreviated = attribute(14, Buffer.concat([u8(16), hop]));
    const rib4 = Buffer.concat([u32(0), TEN, u16(1), entry(0, basic)]);
    const rib6 = Buffer.concat([
      u32(1),
      prefix(ipv6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
      u16(1),
      entry(1, [origin(0), asPath([64501]), abbreviated]),
    ]);
    const { elements, statistics } = decode(
      record(NOW, 13, 1, peers),
      record(NOW, 13, 2, rib4),
      record(NOW, 13, 4, rib6),
    );
    expect(elements).toMatchObject([
      { type: 'A', peer: '192.0.2.1', peerAs: 4_200_000_001, prefix: '10.0.0.0/8', path: '64500 3356' },
      { type: 'A', peer: '2001:db8::2', peerAs: 64501, prefix: '2001:db8::/32', nextHop: '2001:db8::9' },
    ]);
    expect(statistics).toMatchObject({ ribEntries: 2, skipped: 0 });
  });

  test('TABLE_DUMP', () => {
    const attributes = Buffer.concat([origin(0), asPath([64500, 3356], 2), nextHop('192.0.2.1')]);
    const body = Buffer.concat([
      u16(0),
      u16(1),
      ipv4('10.0.0.0'),
      u8(8, 1),
      u32(NOW),
      ipv4('192.0.2.1'),
      u16(64500),
      u16(attributes.length),
      attributes,
    ]);
    expect(decode(record(NOW, 12, 1, body)).elements).toMatchObject([
      { type: 'A', prefix: '10.0.0.0/8', path: '64500 3356', peer: '192.0.2.1', nextHop: '192.0.2.1' },
    ]);
  });
});

describe('damage', () => {
  test('is counted with its offset, and decoding goes on with the next record', () => {
    const garbage = Buffer.from('this is no record at all, but it is in the file all the same');
    const { statistics, elements } = decode(plain, garbage, plain, plain, plain.subarray(0, 30));
    expect(elements).toHaveLength(3);
    expect(statistics.samples.map(({ offset }) => offset)).toEqual([plain.length, plain.length * 3 + garbage.length]);
  });

  test('a record that claims gigabytes is not waited for', () => {
    const huge = record(NOW, 16, 4, Buffer.alloc(40));
    huge.writeUInt32BE(0xfffffff0, 8);
    const { statistics, elements } = decode(plain, huge, plain, plain);
    expect(elements).toHaveLength(3);
    expect(statistics.samples[0]!.reason).toContain('claims 4294967280 bytes');
  });

  test('a prefix of 33 bits costs its message only', () => {
    const bad = bgp4mp(NOW, bgpMessage(update([], basic, [Buffer.from([33, 1, 2, 3, 4, 5])])));
    const { statistics, elements } = decode(bad, plain);
    expect(elements).toHaveLength(1);
    expect(statistics.samples).toEqual([{ offset: 0, reason: 'prefix length 33' }]);
  });
});

async function* of(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

describe('compression', () => {
  test('gzip is told by its first bytes, however it is cut', async () => {
    const packed = gzipSync(Buffer.concat([plain, plain]));
    let messages = 0;
    for await (const { batch } of decodeMrt(of(...Array.from(packed, (byte) => Uint8Array.of(byte))))) {
      messages += new UpdateBatch(batch.takeColumns()).messages;
    }
    expect(messages).toBe(2);
  });

  test('a decompression bomb is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(100 << 20));
    const unpack = async () => {
      for await (const _ of decompressed(of(bomb)));
    };
    await expect(unpack()).rejects.toThrow(BadArchive);
    await expect(unpack()).rejects.toThrow('decompression bomb');
  });

  test('what a cut file still gives is given before it is refused', async () => {
    const packed = gzipSync(Buffer.concat(Array.from({ length: 2000 }, () => plain)));
    let messages = 0;
    const read = async () => {
      for await (const { batch } of decodeMrt(of(packed.subarray(0, packed.length - 40)))) {
        messages += new UpdateBatch(batch.takeColumns()).messages;
      }
    };
    await expect(read()).rejects.toThrow(BadArchive);
    expect(messages).toBeGreaterThan(0);
  });

  test('damaged bzip2 is refused', async () => {
    const read = async () => {
      for await (const _ of decompressed(of(Buffer.from('BZh91AY&SYnonsense that is no block at all'))));
    };
    await expect(read()).rejects.toThrow(BadArchive);
  });
});
