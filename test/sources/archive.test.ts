import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ArchiveServer } from '../../src/simulation/archiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import {
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
  download,
} from '../../src/sources/archive/download.js';
import {
  type ArchiveFile,
  layoutOf,
  listFiles,
  risLayout,
  routeViewsLayout,
} from '../../src/sources/archive/layout.js';

const START = 29_500_000;
const logger = { info() {}, warn() {}, error() {} };
let directory: string;
let server: ArchiveServer;
let base: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'routewarden-archive-'));
  const world = new SimulatedWorld({ seed: 3, startMinute: START, resetsPerWeek: 0 });
  server = new ArchiveServer({ world, horizon: () => START + 60 });
  base = await server.listen();
});

afterEach(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

function files(minutes = 60): ArchiveFile[] {
  return listFiles(risLayout(base), 'rrc00', START, START + minutes);
}

async function fetchAll(list: ArchiveFile[], options: Partial<DownloadOptions> = {}): Promise<DownloadResult[]> {
  const results: DownloadResult[] = [];
  const settings = { directory, logger, random: () => 0.5, backoff: { firstMs: 1, mostMs: 5 }, ...options };
  for await (const result of download(list, settings)) results.push(result);
  return results;
}

function expectWhole(results: DownloadResult[]): void {
  for (const result of results) {
    if (result.outcome !== 'downloaded' && result.outcome !== 'present') throw new Error(JSON.stringify(result));
    expect(readFileSync(result.path).equals(server.file(result.file.fromMinute))).toBe(true);
  }
  expect(readdirSync(directory).filter((name) => /part|validator/.test(name))).toEqual([]);
}

describe('layouts', () => {
  const midnight = Date.UTC(2026, 0, 1) / 60_000;

  test('follow the addresses of the archives', () => {
    expect(listFiles(risLayout(), 'rrc00', midnight, midnight + 10).map(({ url }) => url)).toEqual([
      'https://data.ris.ripe.net/rrc00/2026.01/updates.20260101.0000.gz',
      'https://data.ris.ripe.net/rrc00/2026.01/updates.20260101.0005.gz',
    ]);
    expect(listFiles(routeViewsLayout(), 'route-views.jinx', midnight + 1, midnight + 2)[0]!.url).toBe(
      'https://archive.routeviews.org/route-views.jinx/bgpdata/2026.01/UPDATES/updates.20260101.0000.bz2',
    );
    expect(listFiles(routeViewsLayout(), 'route-views2', midnight, midnight + 1)[0]!.url).toBe(
      'https://archive.routeviews.org/bgpdata/2026.01/UPDATES/updates.20260101.0000.bz2',
    );
  });

  test('cover the asked minutes without holes or overlaps, over month and year', () => {
    const list = listFiles(risLayout(), 'rrc00', midnight - 63, midnight + 62);
    expect(list[0]!.fromMinute).toBeLessThanOrEqual(midnight - 63);
    expect(list.at(-1)!.untilMinute).toBeGreaterThanOrEqual(midnight + 62);
    for (let i = 1; i < list.length; i++) expect(list[i]!.fromMinute).toBe(list[i - 1]!.untilMinute);
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
    expect(list.some(({ url }) => url.includes('/2025.12/'))).toBe(true);
  });

  test('are found by the collector, and nonsense is refused', () => {
    expect(layoutOf('rrc21').name).toBe('ris');
    expect(layoutOf('route-views.sydney').name).toBe('routeviews');
    expect(() => layoutOf('nowhere')).toThrow(/is not a collector: expected rrc00/);
    expect(() => risLayout('ftp://example')).toThrow(/expected an archive URL/);
  });
});

describe('downloads', () => {
  test('bring all files in order, whole, with progress; a second run fetches nothing', async () => {
    const seen: DownloadProgress[] = [];
    const results = await fetchAll(files(), { onProgress: (progress) => seen.push(progress) });
    expect(results.map(({ file }) => file.fromMinute)).toEqual(files().map((file) => file.fromMinute));
    expectWhole(results);
    const last = seen.at(-1)!;
    expect(last).toMatchObject({ files: 12, filesDone: 12, filesMissing: 0, filesFailed: 0, remainingSeconds: 0 });
    expect(last.bytes).toBe(results.reduce((sum, r) => sum + ('bytes' in r ? r.bytes : 0), 0));
    const again = await fetchAll(files());
    expect(new Set(again.map(({ outcome }) => outcome))).toEqual(new Set(['present']));
    expect(Math.max(...server.requests.values())).toBe(1);
  });

  test.each(['truncated', 'reset'] as const)('go on where a transfer was cut: %s', async (fault) => {
    server.fault = (_, attempt) => (attempt <= 2 ? fault : 'none');
    const seen: DownloadProgress[] = [];
    const results = await fetchAll(files(10), { onProgress: (progress) => seen.push(progress) });
    expectWhole(results);
    const size = results.reduce((sum, r) => sum + ('bytes' in r ? r.bytes : 0), 0);
    // A reset may take bytes with it that were on their way; a plain cut may not.
    if (fault === 'truncated') expect(seen.at(-1)!.bytes).toBe(size);
    expect([...server.requests.values()]).toEqual([3, 3]);
  });

  test('go on with the file of an earlier run only when it is the same version', async () => {
    const [file] = files(5);
    server.fault = () => 'truncated';
    expect((await fetchAll([file!], { attempts: 1 }))[0]!.outcome).toBe('failed');
    expect(readdirSync(directory)).toContain(`${file!.name}.part`);
    writeFileSync(join(directory, `${file!.name}.validator`), '"another"');
    server.fault = () => 'none';
    expectWhole(await fetchAll([file!]));
  });

  test('start over when the server has less than we do', async () => {
    const [file] = files(5);
    server.fault = () => 'truncated';
    await fetchAll([file!], { attempts: 1 });
    writeFileSync(join(directory, `${file!.name}.part`), Buffer.alloc(1_000_000));
    server.fault = () => 'none';
    expectWhole(await fetchAll([file!]));
  });

  test('tell missing files from failed ones and go on with the rest', async () => {
    server.fault = (path, attempt) => {
      if (path.endsWith(`${files()[1]!.url.slice(-7)}`)) return 'missing';
      if (path.endsWith(`${files()[2]!.url.slice(-7)}`)) return 'busy';
      return attempt === 1 ? 'busy' : 'none';
    };
    const results = await fetchAll(files(80), { attempts: 3 });
    // The last four are beyond the archive's horizon: not yet there.
    expect(results.map(({ outcome }) => outcome).join(' ')).toBe(
      `downloaded missing failed ${'downloaded '.repeat(9)}missing missing missing missing`,
    );
    expect(results[2]).toMatchObject({ reason: 'the server answers 503 (3 attempts)' });
  });

  test('give up a transfer that brings nothing', async () => {
    server.fault = (_, attempt) => (attempt === 1 ? 'slow' : 'none');
    expectWhole(await fetchAll(files(5), { idleMs: 150 }));
  });

  test('refuse a file over the limit and a page that is no archive', async () => {
    const large = await fetchAll(files(5), { largestFile: 100 });
    expect(large[0]).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/more than the limit of 100/) });
    expect(readdirSync(directory)).toEqual([]);
    const page = createServer((_, response) => response.end('<html>Sorry</html>'));
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const [result] = await fetchAll(listFiles(risLayout(url), 'rrc00', START, START + 1));
    page.close();
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/not what its name says/) });
  });

  test('stop when told to, keeping what came', async () => {
    server.fault = () => 'slow';
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 100);
    await expect(fetchAll(files(5), { signal: stop.signal })).rejects.toThrow('enough');
    server.fault = () => 'none';
    expectWhole(await fetchAll(files(5)));
  });

  test('an unreachable archive fails with the reason', async () => {
    const list = listFiles(risLayout('http://127.0.0.1:1'), 'rrc00', START, START + 1);
    const [result] = await fetchAll(list, { attempts: 2 });
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/\(2 attempts\)/) });
  });
});

const bgpdump = ['/usr/bin/bgpdump', '/usr/local/bin/bgpdump'].find((path) => existsSync(path));
(bgpdump === undefined ? test.skip : test)(
  'bgpdump (where installed) reads the simulated archive as the world has it',
  async () => {
    const world = new SimulatedWorld({
      seed: 3,
      startMinute: START,
      incidents: [{ class: 'reset', startMinute: START + 1, durationMinutes: 1, magnitude: 0.2 }],
    });
    const archive = new ArchiveServer({ world, horizon: () => START + 60 });
    const path = join(directory, 'updates.mrt');
    writeFileSync(path, gunzipSync(archive.file(START)));
    const lines = execFileSync(bgpdump!, ['-m', path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n');
    const expected: string[] = [];
    for (let minute = START; minute < START + 5; minute++) {
      for (const text of world.minute(minute)) {
        const { data } = JSON.parse(text);
        const peer = `${data.peer}|${data.peer_asn}`;
        if (data.type === 'RIS_PEER_STATE') expected.push(`STATE|${peer}|${data.state === 'down' ? '6|1' : '1|6'}`);
        for (const prefix of data.withdrawals ?? []) expected.push(`W|${peer}|${prefix}`);
        for (const { prefixes, next_hop } of data.announcements ?? []) {
          for (const prefix of prefixes) {
            expected.push(`A|${peer}|${prefix}|${data.path.join(' ')}|${data.origin.toUpperCase()}|${next_hop}`);
          }
        }
      }
    }
    expect(lines.map((line) => line.split('|').slice(2, 9).join('|').replace(/\|+$/, ''))).toEqual(expected);
  },
);
