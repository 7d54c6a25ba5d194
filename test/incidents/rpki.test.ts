import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { covers, parseAddressBlock } from '../../src/incidents/addressBlock.js';
import { OwnRoas } from '../../src/incidents/rpki/ownRoas.js';
import { type Vrp, VrpTable } from '../../src/incidents/rpki/validity.js';
import { readVrps } from '../../src/incidents/rpki/vrpFile.js';
import { VrpSource } from '../../src/incidents/rpki/vrpSource.js';
import { rpkiSettings } from '../../src/incidents/settings.js';
import { Declaration } from '../../src/incidents/watch/declaration.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';

const FILE = JSON.stringify({
  metadata: { generated: 1 },
  roas: [
    { asn: 'AS64500', prefix: '192.0.2.0/24', maxLength: 25, ta: 'test' },
    { asn: 64501, prefix: '2001:db8::/32', maxLength: 48, ta: 'test' },
    { asn: 0, prefix: '198.51.100.0/24', maxLength: 24 },
    { asn: 'nobody', prefix: '203.0.113.0/24', maxLength: 24 },
    { asn: 64500, prefix: '300.0.0.0/8', maxLength: 24 },
  ],
});

function* pieces(text: string, size = 16): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('validity (RFC 6811)', () => {
  let table: VrpTable;

  beforeAll(async () => {
    table = (await readVrps(pieces(FILE))).table;
  });

  test.each([
    ['192.0.2.0/24', 64500, 'valid'],
    ['192.0.2.128/25', 64500, 'valid'],
    ['192.0.2.128/26', 64500, 'invalid'],
    ['192.0.2.0/24', 64999, 'invalid'],
    ['192.0.0.0/16', 64500, 'not found'],
    ['203.0.113.0/24', 64500, 'not found'],
    ['2001:db8:1::/48', 64501, 'valid'],
    ['2001:db8:1::/49', 64501, 'invalid'],
    ['2001:db9::/32', 64501, 'not found'],
    ['198.51.100.0/24', 0, 'invalid'],
    ['nonsense', 64500, 'not found'],
  ])('%s from AS%i is %s', (prefix, origin, validity) => {
    expect(table.validity(prefix, origin)).toBe(validity);
  });

  test('counts what it cannot read', () => {
    expect(table.size).toBe(3);
    expect(table.skipped).toBe(2);
  });

  test.each([
    ['<html>', /no JSON/],
    ['{"vrps":[]}', /rpki-client -j/],
    ['{"roas":[{"a":1}]}', /none of 1 entries/],
    [FILE.slice(0, -40), /ends in the middle/],
    ['{"roas":[{"asn" 1}]}', /no JSON/],
  ])('says what is wrong with %s', async (text, reason) => {
    await expect(readVrps(pieces(text))).rejects.toThrow(reason);
  });

  test('is the same however the file is cut, with other lists before and behind and odd entries', async () => {
    const roas = JSON.parse(FILE).roas;
    const odd = ['a ] } "', 7, null, [1, { a: '}' }], ...roas, { ...roas[0], note: '\\"]}é' }];
    const text = JSON.stringify({ metadata: { buildtime: '2026-10-01T00:00:00Z' }, roas: odd, aspas: [{ a: [1] }] });
    for (const size of [1, 2, 7, 1000]) {
      const { table: cut, generatedAt } = await readVrps(pieces(text, size));
      expect([cut.size, cut.skipped]).toEqual([4, 6]);
      expect(generatedAt?.toISOString()).toBe('2026-10-01T00:00:00.000Z');
    }
  });

  test('does not count what has expired', () => {
    const now = () => new Date(1_800_000_000_000);
    const vrps = [
      { prefix: '192.0.2.0/24', asn: 64500, maxLength: 24, expires: 1_577_836_800 },
      { prefix: '198.51.100.0/24', asn: 64500, maxLength: 24, expires: 1_800_000_001 },
    ];
    const timed = new VrpTable(vrps, 0, now);
    expect(timed.expired).toBe(1);
    expect(timed.validity('192.0.2.0/24', 64999)).toBe('not found');
    expect(timed.validity('192.0.2.0/24', 64500)).toBe('not found');
    expect(timed.validity('198.51.100.0/24', 64999)).toBe('invalid');
  });
});

test('address blocks contain what they should', () => {
  const block = (text: string) => parseAddressBlock(text)!;
  expect(covers(block('192.0.2.0/24'), block('192.0.2.128/25'))).toBe(true);
  expect(covers(block('192.0.2.128/25'), block('192.0.2.0/24'))).toBe(false);
  expect(covers(block('0.0.0.0/0'), block('203.0.113.7/32'))).toBe(true);
  expect(covers(block('2001:db8::/33'), block('2001:db8:8000::/34'))).toBe(false);
  expect(covers(block('::/0'), block('192.0.2.0/24'))).toBe(false);
  for (const text of ['192.0.2.0', '192.0.2/24', '192.0.2.0/33', '1:2:3/48', '::1::/64', '256.0.0.0/8', 'x/8']) {
    expect(parseAddressBlock(text)).toBeNull();
  }
});

test('a file or URL is read, read again when due, and kept when it breaks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vrps-'));
  const path = join(folder, 'vrps.json');
  let clock = 0;
  const warned: string[] = [];
  const log = { info: () => {}, warn: (_: object, message: string) => void warned.push(message) };
  const source = (vrps: string) =>
    new VrpSource({ settings: rpkiSettings.parse({ vrps, refreshSeconds: 60 }), now: () => new Date(clock), log });
  try {
    const file = source(path);
    await file.refreshIfDue();
    expect(file.validityOf('192.0.2.0/24', 64500)).toBeUndefined();
    expect(warned).toEqual(['VRPs cannot be read; RPKI validity is unknown']);
    await writeFile(path, FILE);
    await file.refreshIfDue();
    expect(file.validityOf('192.0.2.0/24', 64500)).toBeUndefined();
    clock += 60_000;
    await file.refreshIfDue();
    expect(file.validityOf('192.0.2.0/24', 64500)).toBe('valid');
    await writeFile(path, 'broken');
    clock += 60_000;
    await file.refreshIfDue();
    expect(file.validityOf('192.0.2.0/24', 64500)).toBe('valid');
    expect(warned.at(-1)).toBe('VRPs cannot be read; the 3 read before stay in use');

    // To open a pipe that nobody writes would never come back.
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const piped = source(pipe);
    await piped.refreshIfDue();
    expect(piped.state.error).toBe(`${pipe} is not a regular file`);

    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"' }).end(FILE);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const online = source(`http://127.0.0.1:${(server.address() as AddressInfo).port}/vrps.json`);
    await online.refreshIfDue();
    clock += 60_000;
    await online.refreshIfDue();
    expect(online.validityOf('2001:db8:1::/48', 64501)).toBe('valid');
    expect(seen).toEqual([undefined, '"1"']);
    server.closeAllConnections();
    server.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a failed reading is tried again after doubled waits, at most the ordinary one; too much is refused', async () => {
  let clock = 0;
  let requests = 0;
  let failing = true;
  const server = createServer((_request, response) => {
    requests += 1;
    if (failing) response.writeHead(503).end();
    else response.end(FILE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const faults: unknown[] = [];
  const log = { info: () => {}, warn: (context: object) => void faults.push((context as { error: string }).error) };
  const vrps = `http://127.0.0.1:${(server.address() as AddressInfo).port}/vrps.json?token=secret-token`;
  const source = (settings: object) =>
    new VrpSource({ settings: rpkiSettings.parse({ vrps, ...settings }), now: () => new Date(clock), log });
  try {
    const patient = source({ refreshSeconds: 100 });
    const tries: number[] = [];
    for (clock = 0; clock < 400_000; clock += 5_000) {
      const before = requests;
      await patient.refreshIfDue();
      if (requests > before) tries.push(clock / 1000);
    }
    expect(tries).toEqual([0, 15, 45, 105, 205, 305]);
    expect(patient.state).toMatchObject({ configured: true, vrps: 0, failures: 6, readAt: null });
    failing = false;
    await source({ maximumBytes: 100 }).refreshIfDue();
    expect(faults.at(-1)).toBe('more than 100 bytes (rpki.maximumBytes)');
    expect(faults[0]).toMatch(/answered 503/);
    clock += 100_000;
    await patient.refreshIfDue();
    expect(patient.state).toMatchObject({ vrps: 3, failures: 0 });
    const nowhere = source({ vrps: 'http://127.0.0.1:1/vrps.json?token=secret-token' });
    await nowhere.refreshIfDue();
    expect(nowhere.validityOf('192.0.2.0/24', 64500)).toBeUndefined();
    expect(JSON.stringify(faults)).not.toContain('secret-token');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a list that is empty, expired or old does not replace a good one, and says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vrps-'));
  const path = join(folder, 'vrps.json');
  let clock = Date.parse('2026-10-01T01:00:00Z');
  const log = { info: () => {}, warn: () => {} };
  const settings = rpkiSettings.parse({ vrps: path, refreshSeconds: 60 });
  const source = new VrpSource({ settings, now: () => new Date(clock), log });
  const listed = (buildtime: string, roas: object[]) =>
    writeFile(path, JSON.stringify({ metadata: { buildtime }, roas }));
  const roa = { asn: 64500, prefix: '192.0.2.0/24', maxLength: 24 };
  try {
    await listed('2026-10-01T00:00:00Z', [roa]);
    await source.refreshIfDue();
    expect(source.state).toMatchObject({ vrps: 1, old: false, error: null });
    for (const [buildtime, roas, error] of [
      ['2026-10-01T00:30:00Z', [], 'the list is empty'],
      ['2026-10-01T00:30:00Z', [{ ...roa, expires: 1_577_836_800 }], 'all 1 VRPs of the list have expired'],
      ['2026-09-01T00:30:00Z', [{ ...roa, asn: 64999 }], 'the list is 720 h old (rpki.maximumAgeHours)'],
    ] as const) {
      await listed(buildtime, [...roas]);
      clock += 120_000;
      await source.refreshIfDue();
      expect(source.state).toMatchObject({ vrps: 1, error });
      expect(source.validityOf('192.0.2.0/24', 64500)).toBe('valid');
    }
    const first = new VrpSource({ settings, now: () => new Date(clock), log });
    await first.refreshIfDue();
    expect(first.state).toMatchObject({ vrps: 1, old: true, error: null });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a list in which a trust anchor lost most of its VRPs does not replace a good one until that is too old', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vrps-'));
  const path = join(folder, 'vrps.json');
  let clock = Date.parse('2026-10-01T01:00:00Z');
  const log = { info: () => {}, warn: () => {} };
  const settings = rpkiSettings.parse({ vrps: path, refreshSeconds: 60 });
  const source = new VrpSource({ settings, now: () => new Date(clock), log });
  const roas = (ta: string, first: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ asn: 64500, prefix: `${first}.${n}.0.0/16`, maxLength: 16, ta }));
  const read = async (...lists: object[][]) => {
    const buildtime = new Date(clock).toISOString();
    await writeFile(path, JSON.stringify({ metadata: { buildtime }, roas: lists.flat() }));
    clock += 120_000;
    await source.refreshIfDue();
    return source.state;
  };
  try {
    expect(await read(roas('ripe', 10, 200), roas('arin', 11, 40))).toMatchObject({ vrps: 240, malfunction: null });
    const lost = 'trust anchor arin has 3 VRPs, 40 before';
    expect(await read(roas('ripe', 10, 200), roas('arin', 11, 3))).toMatchObject({
      vrps: 240,
      malfunction: lost,
      error: `${lost} (rpki.leastShare)`,
    });
    expect(source.validityOf('11.30.0.0/16', 64500)).toBe('valid');
    // a tenth less is the ordinary course of things
    expect(await read(roas('ripe', 10, 185), roas('arin', 11, 36))).toMatchObject({ vrps: 221, malfunction: null });
    expect(await read(roas('ripe', 10, 100))).toMatchObject({ vrps: 221 });
    clock += 25 * 3_600_000;
    expect(await read(roas('ripe', 10, 100))).toMatchObject({ vrps: 100, malfunction: null, error: null });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a trust anchor of whose VRPs many are about to expire is told, and no longer once they are renewed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vrps-'));
  const path = join(folder, 'vrps.json');
  let clock = Date.parse('2026-10-01T01:00:00Z');
  const log = { info: () => {}, warn: () => {} };
  const settings = rpkiSettings.parse({ vrps: path, refreshSeconds: 60 });
  const source = new VrpSource({ settings, now: () => new Date(clock), log });
  const read = async (soon: number) => {
    const roas = (ta: string, first: number, ending: number) =>
      Array.from({ length: 40 }, (_, n) => {
        const hours = n < ending ? 1 : 30;
        const expires = clock / 1000 + hours * 3600;
        return { asn: 64500, prefix: `${first}.${n}.0.0/16`, maxLength: 16, ta, expires };
      });
    const buildtime = new Date(clock).toISOString();
    await writeFile(
      path,
      JSON.stringify({ metadata: { buildtime }, roas: [roas('ripe', 10, 2), roas('arin', 11, soon)].flat() }),
    );
    clock += 120_000;
    await source.refreshIfDue();
    return source.state.expiring;
  };
  try {
    expect(await read(8)).toBeNull();
    expect(await read(9)).toBe('9 of the 40 VRPs of trust anchor arin expire within 2 h (rpki.mostExpiring)');
    expect(await read(0)).toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('ROAs of declared prefixes that are missing, invalid, changed or about to expire are found', () => {
  const now = new Date('2026-10-01T00:00:00Z');
  const soon = now.getTime() / 1000 + 3600;
  const prefixes = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'];
  const settings = watchSettings.parse({ asNumbers: [64500], origins: [64620], prefixes });
  const own = new OwnRoas(new Declaration(settings), 3);
  const roa = { prefix: '192.0.2.0/24', asn: 64500, maxLength: 24 };
  const look = (vrps: Vrp[]) => {
    const table = new VrpTable(vrps, 0, () => now);
    return own.look((prefix) => table.covering(prefix), now)?.map(({ problem, prefix }) => `${problem} ${prefix}`);
  };
  expect(own.look(() => undefined, now)).toBeNull();
  const first = [
    { ...roa, expires: soon },
    { ...roa, prefix: '198.51.100.0/24', asn: 64999 },
  ];
  expect(look(first)).toEqual(['expires 192.0.2.0/24', 'invalid 198.51.100.0/24', 'missing 203.0.113.0/24']);
  const second = [
    { ...roa, expires: soon * 2 },
    { ...roa, prefix: '198.51.100.0/24' },
    { ...roa, prefix: '203.0.113.0/24' },
  ];
  expect(look(second)).toEqual(['changed 198.51.100.0/24', 'changed 203.0.113.0/24']);
});
