import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { RIB_ENTRY } from '../../src/bgp/batchColumns.js';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../../src/bgp/updateBatch.js';
import {
  type DumpedPrefix,
  peerIndexTable,
  ribRecord,
  tableDump,
  tableDumpV2,
} from '../../src/simulation/tableDump.js';

const NOW = 1_767_225_600;
const PEERS = [
  { address: '192.0.2.1', asNumber: 64_500 },
  { address: '192.0.2.2', asNumber: 64_501 },
  { address: '2001:db8::3', asNumber: 64_502 },
];
const route = (peer: number, path: number[], originated: number, pathId?: number) => ({
  peer,
  path,
  origin: 0 as const,
  nextHop: PEERS[peer]!.address,
  originated,
  ...(pathId === undefined ? {} : { pathId }),
});
const PREFIXES: DumpedPrefix[] = [
  { prefix: '10.0.0.0/8', routes: [route(0, [64_500, 3356], NOW - 600), route(1, [64_501, 1299, 3356], NOW - 7200)] },
  { prefix: '198.51.100.0/24', routes: [route(1, [64_501], NOW)] },
  { prefix: '0.0.0.0/0', routes: [route(0, [64_500], NOW - 1)] },
  { prefix: '2001:db8:4000::/34', routes: [route(2, [64_502, 6939], NOW - 60)] },
];

async function* whole(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function decode(bytes: Buffer) {
  const batches: UpdateBatch[] = [];
  let isWhole = false;
  for await (const { batch, statistics } of decodeMrt(whole(bytes))) {
    isWhole = statistics.isWholeTable;
    if (batch.messages > 0) batches.push(UpdateBatch.decode(batch.finish()));
  }
  const elements = batches.flatMap((batch) => [...batch.routeElements()]);
  const column = (name: 'kind' | 'size' | 'announced' | 'pathId') =>
    batches.flatMap(({ columns }) => [...columns[name]]);
  return { elements, column, isWhole };
}

const EXPECTED = PREFIXES.flatMap(({ prefix, routes }) =>
  routes.map(({ peer, path }) => ({
    type: 'A',
    timeMs: NOW * 1000,
    prefix,
    peer: PEERS[peer]!.address,
    peerAs: PEERS[peer]!.asNumber,
    path: path.join(' '),
    origin: 'IGP',
    nextHop: PEERS[peer]!.address,
  })),
);

for (const [name, bytes] of [
  ['TABLE_DUMP_V2', tableDumpV2(NOW, PEERS, PREFIXES)],
  ['TABLE_DUMP', tableDump(NOW, PEERS, PREFIXES)],
] as const) {
  test(`${name}: entries, the age of their routes, and that it is whole`, async () => {
    const { elements, column, isWhole } = await decode(bytes);
    expect(elements).toMatchObject(EXPECTED);
    expect(column('kind')).toEqual(Array.from({ length: 6 }, () => RIB_ENTRY));
    expect(column('size')).toEqual([600, 7200, 0, 1, 60, 0]);
    expect(column('announced')).toEqual([1, 1, 1, 1, 1, 0]);
    expect(isWhole).toBe(true);
  });

  const bgpdump = ['/usr/bin/bgpdump', '/usr/local/bin/bgpdump'].find((path) => existsSync(path));
  (bgpdump === undefined ? test.skip : test)(`${name}: bgpdump (where installed) reads the same`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'routewarden-table-'));
    try {
      const file = join(directory, 'rib.mrt');
      writeFileSync(file, bytes);
      const text = execFileSync(bgpdump!, ['-m', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      const lines = text.trim().split('\n');
      expect(lines.map((line) => line.split('|').slice(3, 9))).toEqual(
        EXPECTED.map(({ peer, peerAs, prefix, path, origin, nextHop }) => [
          peer,
          String(peerAs),
          prefix,
          path,
          origin,
          nextHop,
        ]),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

test('ADD-PATH (RFC 8050): several routes of a peer to a prefix', async () => {
  const many = {
    prefix: '10.0.0.0/8',
    routes: [route(0, [64_500, 1], NOW, 1), route(0, [64_500, 2], NOW, 2), route(1, [64_501, 3], NOW, 7)],
  };
  const six = { prefix: '2001:db8::/32', routes: [route(2, [64_502, 1], NOW, 9)] };
  const { elements, column } = await decode(tableDumpV2(NOW, PEERS, [many, six]));
  expect(elements.map(({ path }) => path)).toEqual(['64500 1', '64500 2', '64501 3', '64502 1']);
  expect(column('pathId')).toEqual([1, 2, 7, 9]);
});

test('a dump that lost bytes is not whole, one with tables of other families is', async () => {
  const bytes = tableDumpV2(NOW, PEERS, PREFIXES);
  expect((await decode(bytes.subarray(0, bytes.length - 5))).isWhole).toBe(false);
  const torn = Buffer.concat([peerIndexTable(NOW, PEERS), Buffer.alloc(9, 1), ribRecord(NOW, 0, PREFIXES[0]!)]);
  const { elements, isWhole } = await decode(torn);
  expect(elements).toHaveLength(2);
  expect(isWhole).toBe(false);
  const multicast = ribRecord(NOW, 9, PREFIXES[0]!);
  multicast.writeUInt16BE(3, 6);
  const mixed = await decode(Buffer.concat([bytes, multicast]));
  expect(mixed.elements).toHaveLength(5);
  expect(mixed.isWhole).toBe(true);
});
