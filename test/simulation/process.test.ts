import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { SimulatedWorld } from '../../src/simulation/world.js';

const MAIN = fileURLToPath(new URL('../../src/simulation/main.js', import.meta.url));
const SCRIPT = {
  seed: 4,
  startMinute: 29_500_000,
  incidents: [{ class: 'leak' as const, startMinute: 29_500_005, durationMinutes: 5, magnitude: 0.5 }],
};
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

async function urlsOf(child: ChildProcess): Promise<{ ris_live: string; control: string; archive: string }> {
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line);
  throw new Error('the process said nothing');
}

test('the simulation runs as a process, is played over HTTP and ends on SIGTERM', async () => {
  const child = start('--script', JSON.stringify(SCRIPT));
  const { ris_live, control, archive } = await urlsOf(child);
  const world = new SimulatedWorld(SCRIPT);
  const expected = Array.from({ length: 10 }, (_, i) => world.minute(SCRIPT.startMinute + i)).flat();
  const socket = new WebSocket(ris_live);
  const texts: string[] = [];
  socket.on('message', (data) => texts.push(data.toString()));
  await once(socket, 'open');
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`${control}${path}`, { method });
    return { status: response.status, body: await response.json() };
  };
  // Nobody has subscribed yet: playing waits.
  const playing = ask(`/play?until=${SCRIPT.startMinute + 10}`, 'POST');
  while (!((await ask('/state')).body as { playing: boolean }).playing) await new Promise((r) => setTimeout(r, 5));
  expect((await ask('/play?until=1', 'POST')).status).toBe(409);
  socket.send('{"type":"ris_subscribe","data":{}}');
  expect(await playing).toEqual({ status: 200, body: { minutes: 10, messages: expected.length } });
  while (texts.length < expected.length) await new Promise((r) => setTimeout(r, 5));
  expect(texts).toEqual(expected);
  expect((await ask('/state')).body).toMatchObject({ position: SCRIPT.startMinute + 10, subscribers: 1 });
  expect(await ask(`/play?until=${SCRIPT.startMinute + 15}&wait=false`, 'POST')).toMatchObject({
    status: 202,
    body: { playing: true },
  });
  while (((await ask('/state')).body as { position: number }).position < SCRIPT.startMinute + 15) {
    await new Promise((r) => setTimeout(r, 5));
  }
  expect((await ask('/truth')).body).toEqual(world.groundTruth());
  expect((await ask('/play?until=soon', 'POST')).status).toBe(400);
  expect((await ask('/dance')).status).toBe(404);
  expect((await fetch(`${archive}/rrc00/2026.02/updates.20260202.0240.gz`)).status).toBe(200);
  expect((await fetch(`${archive}/rrc00/2026.02/updates.20260202.0300.gz`)).status).toBe(404);
  const closed = once(socket, 'close');
  await ask('/fault?drop=true', 'POST');
  await closed;
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test.each([
  [['--script', '{'], /no JSON/],
  [['--script', '{"seed":1}'], /startMinute/],
  [[], /script/],
])('bad arguments end with 2 and a reason: %j', async (args, message) => {
  const child = start(...args);
  let errors = '';
  child.stderr!.on('data', (data) => {
    errors += data;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(2);
  expect(errors).toMatch(message);
});
