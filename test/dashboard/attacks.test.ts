import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LoginLimit } from '../../src/dashboard/loginLimit.js';
import { startDashboards, type TestDashboard } from './dashboard.js';

const TOKEN = 'a-token-for-tests-1234';
let dashboards: TestDashboard;

beforeAll(async () => {
  dashboards = await startDashboards();
}, 120_000);
afterAll(() => dashboards.stop());

const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin, ...headers },
    body: JSON.stringify(body),
  });
const audit = async (action: string) =>
  (await dashboards.database.pool.query('SELECT target, detail FROM audit WHERE action = $1 ORDER BY id', [action]))
    .rows;
const signIn = async (url: string) => {
  const answer = await post(`${url}/api/login`, { token: TOKEN, name: 'Ada' });
  return (answer.headers.get('set-cookie') ?? '').split(';')[0]!;
};

test('wrong tokens slow an address, at the page and in headers; the right one still comes in, and all are in the audit', async () => {
  const { url } = await dashboards.open({ token: TOKEN, loginAttempts: 3 });
  const before = [(await audit('token refused')).length, (await audit('sign-in refused')).length];
  const wrong = Array.from({ length: 60 }, (_, i) =>
    fetch(`${url}/api/overview`, { headers: { authorization: `Bearer guess-number-${i}` } }).then(
      ({ status }) => status,
    ),
  );
  const right = fetch(`${url}/api/overview`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const statuses = await Promise.all(wrong);
  const tried = statuses.filter((status) => status === 401).length;
  expect(statuses).toContain(429);
  expect(statuses.filter((status) => status === 429)).toHaveLength(60 - tried);
  await right;
  expect((await fetch(`${url}/api/overview`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  expect((await post(`${url}/api/login`, { token: 'guess' })).status).toBe(401);
  expect((await post(`${url}/api/login`, { token: TOKEN })).status).toBe(200);
  const after = [(await audit('token refused')).length, (await audit('sign-in refused')).length];
  expect(after).toEqual([before[0]! + tried, before[1]! + 1]);
}, 120_000);

test('who waits does so longer with each wrong token, by turns; another address does not', async () => {
  const waits: number[] = [];
  const limit = new LoginLimit(2, async (milliseconds) => void waits.push(milliseconds));
  for (let i = 0; i < 8; i += 1) {
    expect(await limit.turn('198.51.100.7', `guess ${i}`, 0)).toBe(true);
    limit.failed('198.51.100.7', 0);
  }
  expect(waits).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 5_000]);
  expect(await limit.turn('198.51.100.8', 'x', 0)).toBe(true);
  limit.succeeded('198.51.100.7', 'right');
  await limit.turn('198.51.100.7', 'right', 0);
  await limit.turn('198.51.100.7', 'other', 16 * 60_000);
  expect(waits).toHaveLength(6);
  const stuck = new LoginLimit(3, () => new Promise(() => {}));
  for (let i = 0; i < 3; i += 1) stuck.failed('198.51.100.7', 0);
  const turns = Array.from({ length: 60 }, (_, i) => stuck.turn('198.51.100.7', `guess ${i}`, 0));
  const refused = turns.slice(8);
  expect(await Promise.all(refused)).toEqual(refused.map(() => false));
});

test('behind a trusted proxy each visitor counts alone; nobody else may name an address', async () => {
  const { url } = await dashboards.open({ token: TOKEN, trustedProxies: ['127.0.0.0/8'] });
  await post(`${url}/api/login`, { token: 'guess' }, { 'x-forwarded-for': '203.0.113.9' });
  const bare = await dashboards.open({ token: TOKEN });
  await post(`${bare.url}/api/login`, { token: 'guess' }, { 'x-forwarded-for': '203.0.113.10' });
  const { rows } = await dashboards.database.pool.query(
    "SELECT actor FROM audit WHERE action = 'sign-in refused' ORDER BY id DESC LIMIT 2",
  );
  expect(rows).toEqual([{ actor: '127.0.0.1' }, { actor: '203.0.113.9' }]);
});

test('signing out revokes the cookie, also for the next process; it is not signed by what can be guessed', async () => {
  const { url } = await dashboards.open({ token: TOKEN });
  const cookie = await signIn(url);
  const looks = (at: string) => fetch(`${at}/api/overview`, { headers: { cookie } }).then(({ status }) => status);
  expect(await looks(url)).toBe(200);
  const [body = '', signature] = cookie.split('=')[1]!.split('.');
  const key = createHash('sha256').update(`routewarden session\0${TOKEN}\0`).digest();
  expect(createHmac('sha256', key).update(body).digest('base64url')).not.toBe(signature);
  expect((await post(`${url}/api/logout`, {}, { cookie })).status).toBe(200);
  expect(await looks(url)).toBe(401);
  expect(await audit('sign-out')).toHaveLength(1);
  expect(await looks((await dashboards.open({ token: TOKEN })).url)).toBe(401);
});

test('an act in Bull Board is in the audit with its body, however the path is spelt', async () => {
  const { url } = await dashboards.open();
  const before = (await audit('jobs')).length;
  const data = { modelKey: 'lstn@rrc00' };
  await post(`${url}/%71ueues/api/%71ueues/retrain/add`, { name: 'retrain', data, options: {} });
  await fetch(`${url}/%71ueues/api/queues/retrain/pause`, { method: 'PUT', headers: { origin: url } });
  const rows = (await audit('jobs')).slice(before);
  expect(rows).toEqual([
    { target: 'POST /queues/api/queues/retrain/add', detail: expect.objectContaining({ body: expect.any(String) }) },
    { target: 'PUT /queues/api/queues/retrain/pause', detail: expect.objectContaining({ body: 'null' }) },
  ]);
  expect(rows[0].detail.body).toContain('lstn@rrc00');
  await fetch(`${url}/queues/api/queues/retrain/resume`, { method: 'PUT', headers: { origin: url } });
});

test('a NUL letter and huge numbers are the asker’s fault', async () => {
  const { url } = await dashboards.open();
  const asked = [
    '/api/incidents/99999999999999999999999',
    '/api/incidents/1e308',
    '/api/models/lstm%40rrc00%00',
    '/api/incidents?stream=%00',
    '/api/incidents?before=99999999999999999999',
  ];
  for (const path of asked) {
    const { status } = await fetch(`${url}${path}`);
    expect([path, status]).toEqual([path, expect.not.stringMatching(/^5/)]);
    expect(status).toBeLessThan(500);
  }
  expect((await post(`${url}/api/models/lstm%40rrc00/rollback`, { version: 1e300 })).status).toBeLessThan(500);
  expect((await post(`${url}/api/incidents/1/note`, { note: '\u0000' })).status).toBeLessThan(500);
});

test('a body that drips is cut off, one that is refused is not read, and signing in takes little', async () => {
  const { url, server } = await dashboards.open({ token: TOKEN });
  expect(server.server.maxConnections).toBe(512);
  expect((await post(`${url}/api/login`, { token: 'x'.repeat(5_000) })).status).toBe(413);
  const { port } = new URL(url);
  const send = (path: string) =>
    new Promise<string>((done) => {
      const socket = connect(Number(port), '127.0.0.1');
      let answer = '';
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: ${url}\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n{`,
      );
      const drip = setInterval(() => socket.write(' '), 200);
      socket.on('data', (chunk) => (answer += chunk));
      socket.on('error', () => {});
      socket.on('close', () => {
        clearInterval(drip);
        done(answer);
      });
    });
  const [refused, late] = await Promise.all([send('/api/models/lstm%40rrc00/rollback'), send('/api/login')]);
  expect(refused).toMatch(/^HTTP\/1.1 401 /);
  expect(late).toMatch(/^HTTP\/1.1 408 /);
}, 60_000);
