import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Notice } from '../../src/incidents/alerts/alert.js';
import { channelSettings } from '../../src/incidents/alerts/channelSettings.js';
import { beat } from '../../src/incidents/alerts/heartbeat.js';
import { openChannel } from '../../src/incidents/alerts/openChannels.js';
import { VrpSource } from '../../src/incidents/rpki/vrpSource.js';
import { rpkiSettings } from '../../src/incidents/settings.js';
import { download } from '../../src/sources/archive/download.js';
import { layoutOf, listFiles } from '../../src/sources/archive/layout.js';
import { announcedBy } from '../../src/sources/ripeStat.js';
import { RisLiveSource } from '../../src/sources/risLive.js';
import { openTestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const START = 29_500_000;
const ARCHIVE = gzipSync(Buffer.alloc(5000, 1));
const VRPS = JSON.stringify({ roas: [{ asn: 64500, prefix: '192.0.2.0/24', maxLength: 24 }] });
const STAT = JSON.stringify({ data: { prefixes: [{ prefix: '192.0.2.0/24' }], neighbours: [] } });
const notice: Notice = {
  phase: 'raised',
  alert: {
    id: 7,
    fingerprint: 'incident/rrc00/2026-01-01T00:00:00.000Z',
    kind: 'incident opened',
    severity: 'critical',
    title: 'hijack on rrc00',
    body: { lines: [], revision: 1, times: 1 },
    raisedAt: new Date('2026-01-01T00:05:00Z'),
    resolvedAt: null,
    delivered: {},
  },
};

/** Leads every first request to `to`, and answers whoever comes to `/moved` there. */
class Redirecting {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  to = '/moved';
  answer: string | Buffer = '';
  readonly #server: Server = createServer((request, response) => {
    this.asked.push(request.url!);
    request.resume();
    if (request.url === '/moved') response.end(this.answer);
    else response.writeHead(this.status, { location: this.to }).end();
  });

  constructor(readonly status = 302) {}

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let named: Redirecting;
let stranger: Redirecting;

beforeEach(async () => {
  named = await new Redirecting(307).open();
  stranger = await new Redirecting().open();
});

afterEach(() => {
  named.close();
  stranger.close();
});

/** The same machine by another name, and another server: neither is the host that was named. */
const elsewhere = () => [`http://localhost:${named.port}/moved`, `${stranger.url}/moved`];

function answering(body: string | Buffer): void {
  named.answer = body;
  stranger.answer = body;
}

describe('an archive that redirects', () => {
  let directory: string;

  beforeEach(() => {
    answering(ARCHIVE);
    directory = mkdtempSync(join(tmpdir(), 'routewarden-redirects-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function fetchOne() {
    const files = listFiles(layoutOf('rrc00', named.url), 'rrc00', START, START + 1);
    const logger = { info() {}, warn() {}, error() {} };
    const backoff = { firstMs: 1, mostMs: 5 };
    for await (const result of download(files, { directory, logger, random: () => 0.5, backoff })) return result;
    throw new Error('no result');
  }

  test('is followed on its own host', async () => {
    expect(await fetchOne()).toMatchObject({ outcome: 'downloaded', bytes: ARCHIVE.length });
    expect(named.asked).toHaveLength(2);
  });

  test('is refused at once when it leads to another', async () => {
    for (const to of elsewhere()) {
      named.to = to;
      named.asked.length = 0;
      const reason = expect.stringContaining(`redirects to ${new URL(to).host}: only the named host is asked`);
      expect(await fetchOne()).toMatchObject({ outcome: 'failed', reason });
      expect(named.asked).toEqual([expect.stringContaining('updates')]);
    }
    expect(stranger.asked).toEqual([]);
  });
});

describe('VRPs whose server redirects', () => {
  beforeEach(() => answering(VRPS));

  async function read() {
    const log = { info() {}, warn() {} };
    const settings = rpkiSettings.parse({ vrps: `${named.url}/vrps.json` });
    const source = new VrpSource({ settings, now: () => new Date(0), log });
    await source.refreshIfDue();
    return source.state;
  }

  test('are read from its own host', async () => {
    expect(await read()).toMatchObject({ vrps: 1, error: null });
    expect(named.asked).toEqual(['/vrps.json', '/moved']);
  });

  test('are refused from another', async () => {
    for (const to of elsewhere()) {
      named.to = to;
      named.asked.length = 0;
      const error = expect.stringContaining(`redirects to ${new URL(to).host}: only the named host is asked`);
      expect(await read()).toMatchObject({ vrps: 0, error });
      expect(named.asked).toEqual(['/vrps.json']);
    }
    expect(stranger.asked).toEqual([]);
  });
});

test('RIPEstat is followed on its own host, and to no other', async () => {
  answering(STAT);
  const ask = () => announcedBy(64500, { url: named.url, signal: AbortSignal.timeout(5_000) });
  expect(await ask()).toMatchObject({ prefixes: ['192.0.2.0/24'] });
  for (const to of elsewhere()) {
    named.to = to;
    await expect(ask()).rejects.toThrow(/only the named host is asked/);
  }
  expect(stranger.asked).toEqual([]);
});

test('a RIS Live server that redirects is tried again at its own address, and followed nowhere', async () => {
  const stop = new AbortController();
  const source = new RisLiveSource({
    url: `${named.url.replace('http', 'ws')}/live`,
    logger: { info() {}, warn() {}, error() {} },
    random: () => 0.5,
    backoff: { firstMs: 1, mostMs: 5 },
  });
  const consumer = { onMessage() {}, onConnected() {}, onDisconnected() {}, onStalled() {} };
  const ended = source.run(consumer, stop.signal);
  try {
    for (const to of ['/moved', ...elsewhere()]) {
      named.to = to;
      const tried = named.asked.length + 2;
      await until(() => named.asked.length >= tried);
    }
    expect(source.away).toMatch(/307/);
    expect(new Set(named.asked)).toEqual(new Set(['/live']));
    expect(stranger.asked).toEqual([]);
  } finally {
    stop.abort();
    await ended;
  }
});

describe('an alert goes to the address of its channel alone, whatever that answers', () => {
  test.each([
    { type: 'webhook', secret: 'a long secret' },
    { type: 'webhook', method: 'PUT' },
    { type: 'slack' },
    { type: 'teams' },
    { type: 'webex' },
    { type: 'pagerduty', routingKey: 'key' },
    { type: 'opsgenie', apiKey: 'key' },
    { type: 'telegram', botToken: '1:token', chat: '@noc' },
    { type: 'matrix', room: '!abc:example.net', accessToken: 'token' },
    { type: 'alerta', apiKey: 'key' },
  ])('$type $method', async (settings) => {
    const channel = openChannel(channelSettings.parse({ name: 'it', url: `${named.url}/hook`, ...settings }));
    const places = ['/moved', ...elsewhere()];
    for (const to of places) {
      named.to = to;
      await expect(channel.send([notice], AbortSignal.timeout(5_000))).rejects.toThrow();
    }
    expect(named.asked).toHaveLength(places.length);
    expect(named.asked).not.toContain('/moved');
    expect(stranger.asked).toEqual([]);
    await channel.close();
  });
});

test('a heartbeat follows nobody', async () => {
  const database = await openTestDatabase();
  try {
    const settings = { url: `${named.url}/ping`, intervalSeconds: 60, method: 'POST' as const };
    for (const to of ['/moved', ...elsewhere()]) {
      named.to = to;
      await expect(beat(database.pool, settings)).rejects.toThrow();
    }
    expect(named.asked).toEqual(['/ping', '/ping', '/ping']);
    expect(stranger.asked).toEqual([]);
  } finally {
    await database.close();
  }
});
