import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDashboardSettings } from '../../src/dashboard/settings.js';
import { Client, READ_TOKEN, TOKEN } from './client.js';
import { STREAM } from './seed.js';

const at = new Client();
beforeAll(() => at.start());
afterAll(() => at.stop());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('safety', () => {
  test('refuses to be open to others without a token', () => {
    expect(() => readDashboardSettings({ host: '0.0.0.0' })).toThrow(/DASHBOARD_TOKEN/);
    expect(() => readDashboardSettings({ host: '0.0.0.0', token: 'short' })).toThrow(/16 characters/);
    expect(readDashboardSettings({ host: '0.0.0.0', token: TOKEN }).host).toBe('0.0.0.0');
  });

  test('answers to its own names alone, against DNS rebinding', async () => {
    // fetch does not let a caller choose the Host header.
    const status = await new Promise((resolve, reject) => {
      request(`${at.open}/api/overview`, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('refuses a change that comes from elsewhere: %j', async (headers) => {
    const response = await at.post('/api/incidents/2/acknowledge', {}, headers);
    expect(response.status).toBe(403);
  });

  test('refuses a change to jobs that comes from elsewhere', async () => {
    const response = await fetch(`${at.open}/queues/api/queues/retrain/pause`, {
      method: 'PUT',
      headers: { origin: 'https://evil.example' },
    });
    expect(response.status).toBe(403);
    expect(await at.dashboards.queue.isPaused()).toBe(false);
  });

  test('nothing but the sign-in is open without the token', async () => {
    for (const path of [
      '/api/overview',
      '/metrics',
      '/queues/api/queues',
      '/api/events',
      '/api/audit',
      '/api/openapi.json',
    ]) {
      expect([path, (await at.get(path, {}, at.locked)).status]).toEqual([path, 401]);
    }
    const page = await at.get('/incidents/1', { accept: 'text/html' }, at.locked);
    expect(page.status).toBe(302);
    expect(page.headers.get('location')).toBe('/login?next=%2Fincidents%2F1');
  });

  test('the reader looks, the operator changes', async () => {
    expect((await at.get('/api/overview', bearer(READ_TOKEN), at.locked)).status).toBe(200);
    expect((await at.post('/api/incidents/2/acknowledge', {}, bearer(READ_TOKEN), at.locked)).status).toBe(403);
    const pause = await fetch(`${at.locked}/queues/api/queues/retrain/pause`, {
      method: 'PUT',
      headers: bearer(READ_TOKEN),
    });
    expect(pause.status).toBe(403);
    expect((await at.post('/api/incidents/2/acknowledge', {}, bearer(TOKEN), at.locked)).status).toBe(200);
  });

  test('a session cookie is secure, forged and tampered ones are worth nothing', async () => {
    const response = await at.post('/api/login', { token: TOKEN, name: 'Ada' }, {}, at.locked);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
    expect(cookie).not.toContain(TOKEN);
    const value = cookie.split(';')[0] ?? '';
    expect(JSON.parse((await at.get('/api/session', { cookie: value }, at.locked)).text)).toMatchObject({
      actor: 'Ada',
      role: 'operator',
    });
    const [name, content = ''] = value.split('=');
    const [body = '', signature] = content.split('.');
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('Ada', 'Eve')).toString('base64url');
    expect((await at.get('/api/overview', { cookie: `${name}=${forged}.${signature}` }, at.locked)).status).toBe(401);
  });

  test('every act leaves a row that says who, what and on what', async () => {
    await at.post('/api/models/lstm%40rrc00/versions/1/pin', { pinned: true });
    await at.post('/api/models/lstm%40rrc00/rollback', { version: 99 });
    const { rows } = await at.dashboards.database.pool.query(
      'SELECT actor, action, target, detail FROM audit ORDER BY id DESC LIMIT 2',
    );
    expect(rows).toEqual([
      {
        actor: 'local operator',
        action: 'rollback failed',
        target: 'lstm@rrc00',
        detail: { version: 99, error: expect.stringContaining('no version 99') },
      },
      { actor: 'local operator', action: 'pin', target: 'lstm@rrc00 1', detail: { reason: 'on the page' } },
    ]);
  });

  test('no token appears in the log', () => {
    expect(at.dashboards.log.filter((line) => line.includes(TOKEN) || line.includes(READ_TOKEN))).toEqual([]);
  });

  test('scripts and styles come from this server alone', async () => {
    const policy = (await at.get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
  });
});

describe('jobs that are added in Bull Board', () => {
  const trigger = { kind: 'manual', actor: 'ann' };
  const good = { modelKey: `lstm@${STREAM}`, trigger };
  const add = async (data: unknown, options: unknown = {}) => {
    const answer = await at.post('/queues/api/queues/retrain/add', { name: 'retrain', data, options });
    return { status: answer.status, text: await answer.text() };
  };

  test.each([
    ['a mistyped kind', { modelKey: 'lstn@rrc00', trigger }, {}, /expected KIND@STREAM/],
    ['a stream that there is not', { modelKey: 'lstm@nowhere', trigger }, {}, /no stream .*nowhere/],
    ['no payload', null, {}, /not a retrain payload/],
    ['a thousand million attempts', good, { attempts: 1e9 }, /attempts/],
    ['a delay of centuries', good, { delay: 1e13 }, /delay/],
    ['an option that is none of ours', good, { repeat: { every: 1 } }, /repeat/],
  ])('%s is refused with words, and nothing is stored', async (_what, data, options, words) => {
    const before = await at.dashboards.queue.getJobCounts();
    const { status, text } = await add(data, options);
    expect(status).toBe(400);
    expect(text).toMatch(words);
    expect(await at.dashboards.queue.getJobCounts()).toEqual(before);
  });

  test('a right one is taken, and cannot be changed into a wrong one', async () => {
    const { status, text } = await add(good, { attempts: 3 });
    expect(status).toBe(200);
    const { id } = JSON.parse(text).job as { id: string };
    const change = (jobData: unknown) =>
      fetch(`${at.open}/queues/api/queues/retrain/${id}/update-data`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', origin: at.open },
        body: JSON.stringify({ jobData }),
      });
    expect((await change({ modelKey: 'x' })).status).toBe(400);
    expect((await change(good)).status).toBe(200);
    await (await at.dashboards.queue.getJob(id))!.remove();
  });
});
