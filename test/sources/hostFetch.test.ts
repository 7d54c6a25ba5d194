import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { VrpSource } from '../../src/incidents/rpki/vrpSource.js';
import { rpkiSettings } from '../../src/incidents/settings.js';
import { type DownloadOptions, type DownloadResult, download } from '../../src/sources/archive/download.js';
import { layoutOf, listFiles } from '../../src/sources/archive/layout.js';
import { hostFetch, RedirectRefused } from '../../src/sources/http/hostFetch.js';

const START = 29_500_000;
const PASSWORD = 'pass:w@rd/ü';
const LOGIN = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString('base64')}`;
const BYTES = gzipSync(Buffer.alloc(5000, 1));
const signal = new AbortController().signal;

let directory: string;
let servers: Server[];
let said: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'routewarden-host-'));
  servers = [];
  said = '';
});

afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(directory, { recursive: true, force: true });
});

/** A server on this machine. @returns its host and port */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fetchOne(baseUrl: string, options: Partial<DownloadOptions> = {}): Promise<DownloadResult> {
  const layout = layoutOf('rrc00', baseUrl);
  const note = (context: object, message?: string) => {
    said += JSON.stringify(context) + message;
  };
  const logger = { info: note, warn: note, error: note } as DownloadOptions['logger'];
  const { authorization } = layout;
  const settings = { directory, logger, random: () => 0.5, backoff: { firstMs: 1, mostMs: 5 }, authorization };
  for await (const result of download(listFiles(layout, 'rrc00', START, START + 1), { ...settings, ...options })) {
    return result;
  }
  throw new Error('no result');
}

test('an archive with a login is read, and its password stands nowhere', async () => {
  const host = await serve((request, response) => {
    if (request.headers.authorization === LOGIN) response.end(BYTES);
    else response.writeHead(401).end();
  });
  const login = `reader:${encodeURIComponent(PASSWORD)}`;
  const result = await fetchOne(`http://${login}@${host}/ris/`);
  expect(result).toMatchObject({ outcome: 'downloaded', bytes: BYTES.length });
  expect(readFileSync((result as { path: string }).path).equals(BYTES)).toBe(true);
  rmSync(directory, { recursive: true });
  const refused = await fetchOne(`http://reader:wr0ng-secret@${host}`);
  expect(refused).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('401') });
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'wr0ng-secret', LOGIN]) {
    expect(JSON.stringify([result, refused])).not.toContain(secret);
    expect(said).not.toContain(secret);
  }
  expect(said).toContain('401');
  expect(() => layoutOf('rrc00', 'ftp://reader:wr0ng-secret@host')).toThrow(/^(?!.*wr0ng).*expected an archive URL/);
});

test('redirects are followed on the named host and refused to any other', async () => {
  const asked: string[] = [];
  const other = await serve((request, response) => {
    asked.push(String(request.headers.authorization));
    response.end(BYTES);
  });
  const host = await serve((request, response) => {
    const to = request.url!.startsWith('/away') ? `http://${other}/x` : '/files/x';
    if (request.url === '/files/x') response.end(request.headers.authorization);
    else if (request.url === '/round') response.writeHead(301, { location: '/round' }).end();
    else response.writeHead(302, { location: to }).end();
  });
  const headers = {};
  const near = await hostFetch(`http://reader:secret@${host}/near`, { headers, signal });
  expect(await near.text()).toBe(`Basic ${Buffer.from('reader:secret').toString('base64')}`);
  await expect(hostFetch(`http://reader:secret@${host}/away`, { headers, signal })).rejects.toThrow(RedirectRefused);
  await expect(hostFetch(`http://${host}/round`, { headers, signal })).rejects.toThrow(/more than 5 times/);
  const result = await fetchOne(`http://reader:secret@${host}/away`);
  expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringContaining(`redirects to ${other}`) });
  expect(asked).toEqual([]);
});

test('a server that drips bytes is given up by its pace, and by the total time', async () => {
  let drips = 0;
  const host = await serve((request, response) => {
    response.writeHead(200, { 'content-type': 'application/gzip' });
    const timer = setInterval(() => response.write(BYTES.subarray(drips, ++drips)), 10);
    request.socket.on('close', () => clearInterval(timer));
  });
  const slow = await fetchOne(`http://${host}`, { paceMs: 200, slowest: 100_000, attempts: 2 });
  expect(slow).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/bytes a second came, fewer than/) });
  drips = 0;
  const late = await fetchOne(`http://${host}`, { totalMs: 300, slowest: 0, attempts: 1000 });
  expect(late).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('not whole after') });
});

test('a server that drips VRPs is given up after `rpki.timeoutSeconds` in all', async () => {
  const host = await serve((request, response) => {
    response.write('{"roas":[');
    const timer = setInterval(() => response.write(' '), 10);
    request.socket.on('close', () => clearInterval(timer));
  });
  const settings = rpkiSettings.parse({ vrps: `http://${host}/vrps.json`, timeoutSeconds: 1 });
  const vrps = new VrpSource({ settings, now: () => new Date(0), log: { info() {}, warn() {} } });
  await vrps.refreshIfDue();
  expect(vrps.state).toMatchObject({ vrps: 0, failures: 1, error: expect.stringMatching(/timeout/i) });
});
