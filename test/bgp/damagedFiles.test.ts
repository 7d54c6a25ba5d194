import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { BadArchive, CutArchive } from '../../src/bgp/mrt/decompression.js';
import type { MrtStatistics } from '../../src/bgp/mrt/mrtStatistics.js';
import { type RouteElement, UpdateBatch } from '../../src/bgp/updateBatch.js';
import {
  asPath,
  attribute,
  bgp4mp,
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

interface Decoded {
  elements: RouteElement[];
  pathIds: number[];
  statistics: MrtStatistics;
  failure: Error | null;
}

/** Everything that a file gives, and the error at its end. */
async function decode(source: AsyncIterable<Uint8Array>): Promise<Decoded> {
  const elements: RouteElement[] = [];
  const pathIds: number[] = [];
  let statistics: MrtStatistics | undefined;
  let failure: Error | null = null;
  try {
    for await (const step of decodeMrt(source)) {
      statistics = step.statistics;
      const batch = new UpdateBatch(step.batch.takeColumns());
      elements.push(...batch.routeElements());
      pathIds.push(...batch.columns.pathId);
    }
  } catch (error) {
    failure = error as Error;
  }
  return { elements, pathIds, statistics: statistics!, failure };
}

async function* pieces(bytes: Buffer, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const attributes = [origin(0), asPath([64500, 3356]), nextHop('192.0.2.1')];
const updateRecord = (number: number) =>
  bgp4mp(NOW + number, bgpMessage(update([], attributes, [prefix(ipv4(`10.0.${number}.0`), 24)])));
const stateRecord = (number: number) =>
  record(
    NOW + number,
    16,
    5,
    Buffer.concat([u32(64500), u32(12654), u16(0), u16(1), ipv4('192.0.2.1'), ipv4('192.0.2.254'), u16(6), u16(1)]),
  );
const oldRecord = (number: number) => {
  const old = [origin(0), asPath([64500, 3356], 2), nextHop('192.0.2.1')];
  const header = Buffer.concat([u16(64500), ipv4('192.0.2.1'), u16(12654), ipv4('192.0.2.254')]);
  return record(NOW + number, 5, 1, Buffer.concat([header, update([], old, [prefix(ipv4(`10.0.${number}.0`), 24)])]));
};
const RECORDS = Array.from({ length: 40 }, (_, number) => updateRecord(number));

/** The record with another length in its header. */
function claiming(bytes: Buffer, size: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(size, 8);
  return copy;
}

describe('a record whose length is wrong', () => {
  const kinds: [string, (number: number) => Buffer][] = [
    ['an update', updateRecord],
    ['a change of state', stateRecord],
    ['an update of type 5', oldRecord],
    ['a record of a type that is not known', (number) => record(NOW + number, 48, 1, Buffer.alloc(40, 7))],
  ];
  for (const [name, make] of kinds) {
    for (const [how, beyond] of [
      ['up to a boundary', 0],
      ['into the middle of one', 33],
    ] as const) {
      test(`${name} that swallows its neighbours ${how} hides none of them`, async () => {
        const odd = make(10);
        const swallowed = 12 * RECORDS[0]!.length + beyond;
        const bytes = Buffer.concat([
          ...RECORDS.slice(0, 10),
          claiming(odd, odd.length - 12 + swallowed),
          ...RECORDS.slice(11),
        ]);
        for (const size of [7, 1000, bytes.length]) {
          const { elements, statistics } = await decode(pieces(bytes, size));
          const seen = new Set(elements.filter(({ type }) => type === 'A').map((element) => element.prefix));
          for (let number = 0; number < 40; number++) {
            if (number !== 10) expect(seen).toContain(`10.0.${number}.0/24`);
          }
          expect(statistics.skipped).toBe(1);
          expect(statistics.samples[0]!.offset).toBe(10 * RECORDS[0]!.length);
        }
      });
    }
  }

  test('one that is torn costs itself only, wherever it is torn, and the bytes passed over are counted', async () => {
    for (let left = 1; left < RECORDS[20]!.length; left++) {
      const bytes = Buffer.concat([...RECORDS.slice(0, 20), RECORDS[20]!.subarray(0, left), ...RECORDS.slice(21)]);
      const { elements, statistics } = await decode(pieces(bytes));
      const seen = new Set(elements.map((element) => element.prefix));
      for (let number = 0; number < 40; number++) if (number !== 20) expect(seen).toContain(`10.0.${number}.0/24`);
      expect(elements.length).toBeLessThanOrEqual(40);
      expect(statistics.skippedBytes).toBe(left);
      expect(statistics.skipped).toBe(1);
    }
  });

  test('good files pass, with records of other types, jumps of time and room behind a message', async () => {
    const roomy = record(NOW + 1, 16, 4, Buffer.concat([RECORDS[1]!.subarray(12), Buffer.alloc(30, 1)]));
    const later = bgp4mp(NOW + 90 * 86_400, bgpMessage(update([], attributes, [prefix(ipv4('11.0.0.0'), 8)])));
    const bytes = Buffer.concat([RECORDS[0]!, roomy, record(NOW + 1, 48, 2, Buffer.alloc(70, 3)), RECORDS[2]!, later]);
    const { elements, statistics } = await decode(pieces(bytes));
    expect(elements).toHaveLength(4);
    expect(statistics).toMatchObject({ records: 5, skipped: 1, skippedBytes: 0 });
    expect(statistics.samples[0]!.reason).toContain('type 48');
  });
});

describe('AS 0 (RFC 7607)', () => {
  const as4 = (...numbers: number[]) => attribute(17, segment(2, numbers, 4));
  const aggregator = (as: number, width: 2 | 4) =>
    attribute(7, Buffer.concat([width === 4 ? u32(as) : u16(as), ipv4('192.0.2.7')]));
  const bad: [string, Buffer[], number][] = [
    ['at the end of AS_PATH', [asPath([64500, 3356, 0])], 4],
    ['in the middle of a two-byte AS_PATH', [asPath([64500, 0, 3356], 2)], 1],
    ['in an AS_SET', [attribute(2, Buffer.concat([segment(2, [64500], 4), segment(1, [3356, 0], 4)]))], 4],
    ['in a confederation', [attribute(2, Buffer.concat([segment(3, [0], 4), segment(2, [64500], 4)]))], 4],
    ['in AS4_PATH', [asPath([64500, 23456], 2), as4(0)], 1],
    ['in AS_PATH where AS4_PATH takes its place', [asPath([64500, 0], 2), as4(4_200_000_001)], 1],
  ];
  test.each(bad)('%s: what is announced counts as withdrawn', async (_, paths, subtype) => {
    const body = update([], [origin(0), ...paths, nextHop('192.0.2.1')], [prefix(ipv4('10.0.0.0'), 8)]);
    const { elements, statistics } = await decode(pieces(bgp4mp(NOW, bgpMessage(body), subtype)));
    expect(elements).toMatchObject([{ type: 'W', prefix: '10.0.0.0/8', path: '' }]);
    expect(statistics.treatedAsWithdraw).toBe(1);
  });

  test.each([
    [0, 4],
    [0, 2],
    [64500, 4],
  ] as [number, 2 | 4][])('an AGGREGATOR of AS %d in %d bytes leaves the routes (RFC 7606, 7.7)', async (as, width) => {
    const body = update([], [...attributes, aggregator(as, width)], [prefix(ipv4('10.0.0.0'), 8)]);
    expect((await decode(pieces(bgp4mp(NOW, bgpMessage(body))))).elements).toMatchObject([{ type: 'A' }]);
  });
});

describe('path identifiers that a record does not announce (RFC 7911)', () => {
  const net = (third: number, id?: number) => prefix(ipv4(`10.1.${third}.0`), 24, id);
  const net6 = (id?: number) => prefix(ipv6(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0), 48, id);
  const reach = (...prefixes: Buffer[]) =>
    attribute(14, Buffer.concat([u16(2), u8(1, 16), ipv6(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), u8(0), ...prefixes]));
  const unreach = (...prefixes: Buffer[]) => attribute(15, Buffer.concat([u16(2), u8(1), ...prefixes]));
  const of = async (body: Buffer) => decode(pieces(bgp4mp(NOW, bgpMessage(body))));

  test.each([1, 2, 300, 70_000, 16_909_060, 4_294_967_295])('%d is told from prefixes', async (id) => {
    const { elements, pathIds, statistics } = await of(update([net(9, id)], attributes, [net(2, id), net(3, id)]));
    const found = elements.map(({ type, prefix }) => `${type} ${prefix}`);
    expect(found).toEqual(['W 10.1.9.0/24', 'A 10.1.2.0/24', 'A 10.1.3.0/24']);
    expect(pathIds).toEqual([id, id, id]);
    expect(statistics.unsaidPathIds).toBe(2);
  });

  test('of IPv6 too', async () => {
    const withIds = [...attributes, reach(net6(1), net6(2)), unreach(net6(3))];
    const { elements } = await of(update([], withIds, []));
    expect(elements.map(({ type, prefix }) => `${type} ${prefix}`)).toEqual([
      'W 2001:db8:1::/48',
      'A 2001:db8:1::/48',
      'A 2001:db8:1::/48',
    ]);
  });

  test('default routes, alone or beside others, and sloppy prefixes stay what they are', async () => {
    const any = prefix(ipv4('0.0.0.0'), 0);
    const sloppy = Buffer.from([20, 10, 1, 0xff]);
    for (const [list, count] of [
      [[any], 1],
      [[any, net(1), net(2)], 3],
      [[net(1), any], 2],
      [[sloppy, net(1)], 2],
      [[prefix(ipv4('10.0.0.0'), 8), prefix(ipv4('11.128.0.0'), 9)], 2],
    ] as [Buffer[], number][]) {
      const { elements, statistics } = await of(update([], attributes, list));
      expect(elements).toHaveLength(count);
      expect(statistics.unsaidPathIds).toBe(0);
    }
  });
});

describe('compressed streams', () => {
  const bytes = Buffer.concat(RECORDS);
  const packed = gzipSync(bytes);

  test('gzip cut anywhere gives what comes before, and says so', async () => {
    let most = 0;
    for (let length = 7; length < packed.length; length += 3) {
      for (const size of [length, 50]) {
        const { elements, failure } = await decode(pieces(packed.subarray(0, length), size));
        expect(failure).toBeInstanceOf(CutArchive);
        expect(failure!.message).toContain('cut short');
        expect(elements.length).toBeGreaterThanOrEqual(size === length ? most : 0);
        if (size === length) most = elements.length;
      }
    }
    expect(most).toBe(40);
    expect((await decode(pieces(packed))).failure).toBeNull();
  });

  test.each([
    ['xz', 'fd377a585a000004e6d6b446'],
    ['zstd', '28b52ffd2004010000000000'],
    ['zip', '504b03041400000008000000'],
  ])('%s is named, with what is read', async (name, head) => {
    const { failure, elements } = await decode(pieces(Buffer.from(head, 'hex')));
    expect(failure).toBeInstanceOf(BadArchive);
    expect(failure!.message).toContain(name);
    expect(failure!.message).toContain('gzip and bzip2');
    expect(elements).toEqual([]);
  });

  test('an MRT file whose first second spells a magic number is MRT', async () => {
    const zipSecond = 0x504b0304;
    const record = bgp4mp(zipSecond, bgpMessage(update([], attributes, [prefix(ipv4('10.0.0.0'), 8)])));
    expect((await decode(pieces(record))).elements).toHaveLength(1);
  });
});

const CASES = join(process.cwd(), '../shared/cases');
const withCases = existsSync(CASES) ? describe : describe.skip;

withCases('the shared small inputs', () => {
  const read = (name: string) => decode(createReadStream(join(CASES, name)));

  test.each(['addpath_in_plain.mrt', 'addpath_ok.mrt'])('%s', async (name) => {
    expect((await read(name)).elements.map((element) => element.prefix)).toEqual(['10.1.2.0/24', '10.1.3.0/24']);
  });

  test.each(['swallow.mrt', 'torn.mrt'])('%s', async (name) => {
    const { elements, statistics } = await read(name);
    expect(elements).toHaveLength(199);
    expect(statistics.skipped).toBe(1);
    expect(statistics.skippedBytes).toBeGreaterThan(0);
  });

  test.each(['ok_cut.gz', 'ok_cut.bz2'])('%s', async (name) => {
    const { elements, failure } = await read(name);
    expect(elements.length).toBeGreaterThan(1000);
    expect(failure).toBeInstanceOf(CutArchive);
  });

  test('ok.xz', async () => {
    expect((await read('ok.xz')).failure!.message).toMatch(/xz.*gzip and bzip2/);
  });

  test('as0.mrt', async () => {
    expect((await read('as0.mrt')).elements).toMatchObject([{ type: 'W' }]);
  });
});
