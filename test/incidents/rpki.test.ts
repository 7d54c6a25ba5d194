import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { covers, parseAddressBlock } from '../../src/incidents/addressBlock.js';
import { VrpTable } from '../../src/incidents/rpki/validity.js';
import { readVrps } from '../../src/incidents/rpki/vrpFile.js';
import { VrpSource } from '../../src/incidents/rpki/vrpSource.js';
import { rpkiSettings } from '../../src/incidents/settings.js';

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

describe('validity (RFC 6811)', () => {
  const { vrps, skipped } = readVrps(FILE);
  const table = new VrpTable(vrps, skipped);

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

  test('says what is wrong with a file', () => {
    expect(() => readVrps('<html>')).toThrow(/no JSON/);
    expect(() => readVrps('{"vrps":[]}')).toThrow(/rpki-client -j/);
    expect(() => readVrps('{"roas":[{"a":1}]}')).toThrow(/none of 1 entries/);
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
