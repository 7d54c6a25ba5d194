import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../src/storage/freePort.js';
import { jsonOf, routewarden, type Started, startRoutewarden } from '../support/command.js';
import { reachableFolder } from '../support/reachableFolder.js';

let folder: string;
const running: Started[] = [];
const begin = (words: string[], extra: Record<string, string> = {}): Started => {
  const started = startRoutewarden(words, extra, folder);
  running.push(started);
  return started;
};
const withDrill = (...words: string[]) => routewarden(['--config', 'drill.json', ...words], {}, folder);

beforeAll(() => {
  folder = reachableFolder('routewarden-drill');
});
afterAll(async () => {
  for (const one of running) one.process.kill('SIGTERM');
  await Promise.all(running.map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

test('at a pace by which it would begin among the minutes that are history it is refused', async () => {
  const ended = await routewarden(['drill', '--pace', '2', '--after', '100'], {}, folder);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('more than 45 minutes ago') });
});

test('the walk of the README: own AS declared, its hijack told in a chat, silenced, and resolved', async () => {
  const drill = begin(['drill', '--after', '5', '--for', '1', '--pace', '4']);
  await drill.saying(/reload\n/);
  expect(drill.said()).toMatch(/It begins \d+ s in the past: the system says "behind the feed" until \d\d:/);
  const { dashboard, alerts } = JSON.parse(readFileSync(join(folder, 'drill.json'), 'utf8'));
  const [, behind] = /It begins (\d+) s/.exec(drill.said())!;
  expect(dashboard.staleAfter).toBeGreaterThan(Number(behind));
  expect(alerts.feedStaleSeconds).toBeGreaterThan(Number(behind));
  const [, mine] = /yours {6}(AS\d+)/.exec(drill.said())!;
  const [, thief, prefix] = /(AS\d+) takes (\S+) from/.exec(drill.said())!;
  const system = begin(['--config', 'drill.json', 'start'], { ROUTEWARDEN_DASHBOARD_PORT: String(await freePort()) });
  await system.saying('all services started');
  // the table dump is learnt within some seconds
  for (;;) {
    const ended = await withDrill('init', mine!, '--yes', '--no-ripestat');
    expect(ended.code).toBe(0);
    if (/no stream holds a route/.test(ended.stderr) === false) break;
  }
  const { watch } = JSON.parse(readFileSync(join(folder, 'drill.json'), 'utf8'));
  expect(watch.prefixes).toContainEqual({ prefix });
  expect(await withDrill('reload')).toMatchObject({ code: 0 });

  await drill.saying(`drill: ${thief} takes ${prefix}`);
  await drill.saying(`your ${prefix}: hijack`);
  const { incidents } = jsonOf<{ incidents: { id: number }[] }>(await withDrill('incidents', '--mine', '--json'));
  expect(incidents).toHaveLength(1);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  for (const words of [
    ['silences', 'add', '--prefix', prefix!, '--until', until, '--reason', 'drill'],
    ['incidents', 'acknowledge', String(incidents[0]!.id)],
  ])
    expect(await withDrill(...words)).toMatchObject({ code: 0 });
  await drill.saying(`drill: ${thief} gives ${prefix} back`);
  await drill.saying(`over: your ${prefix}`);

  drill.process.kill('SIGINT');
  expect((await drill.ended).code).toBe(0);
  expect(existsSync(join(folder, 'drill.json'))).toBe(true);
  const again = await routewarden(['drill'], {}, folder);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('drill.json is there') });
}, 900_000);
