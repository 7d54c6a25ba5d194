import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { Backoff } from '../../src/sources/backoff.js';
import { RisLiveSource, SubscriptionRefused } from '../../src/sources/risLive.js';
import type { RisSubscription } from '../../src/sources/risSubscription.js';
import type { FeedConsumer } from '../../src/sources/source.js';

const START = 29_500_000;
const logger = { info() {}, warn() {}, error() {} };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function makeWorld(): SimulatedWorld {
  return new SimulatedWorld({ seed: 3, startMinute: START, messagesPerMinute: 200, resetsPerWeek: 0 });
}

async function serve(options: { slowClientMs?: number } = {}): Promise<{ server: RisLiveServer; url: string }> {
  const server = new RisLiveServer({ world: makeWorld(), logger, waitForSubscriber: true, ...options });
  const url = await server.listen();
  cleanups.push(() => server.close());
  return { server, url };
}

class Listener implements FeedConsumer {
  texts: string[] = [];
  events: string[] = [];
  onMessage(text: string | Buffer): void | Promise<void> {
    this.texts.push(text.toString());
  }
  onConnected(): void {
    this.events.push('connected');
  }
  onDisconnected(reason: string): void {
    this.events.push(`disconnected: ${reason}`);
  }
  onStalled(reason: string): void {
    this.events.push(reason);
  }
}

function follow(
  url: string,
  options: {
    subscription?: RisSubscription | RisSubscription[];
    stallSeconds?: number;
    silenceSeconds?: number;
    duplicateWindow?: number;
    listener?: Listener;
  } = {},
) {
  const listener = options.listener ?? new Listener();
  const source = new RisLiveSource({
    url,
    logger,
    random: () => 0.5,
    backoff: { firstMs: 10, mostMs: 50 },
    stallSeconds: 5,
    ...options,
  });
  const stop = new AbortController();
  const ended = source.run(listener, stop.signal);
  ended.catch(() => undefined);
  cleanups.push(async () => {
    stop.abort();
    await ended.catch(() => undefined);
  });
  return { listener, source, stop, ended };
}

async function until(condition: () => boolean): Promise<void> {
  const from = Date.now();
  while (!condition()) {
    if (Date.now() - from > 20_000) throw new Error('waited 20 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function expected(minutes: number): string[] {
  const world = makeWorld();
  return Array.from({ length: minutes }, (_, i) => world.minute(START + i)).flat();
}

describe('RIS Live client and simulated server', () => {
  test('every message arrives once, in order, as sent', async () => {
    const { server, url } = await serve();
    const { listener, source } = follow(url);
    const played = await server.playUntil(START + 60);
    const all = expected(60);
    expect(played).toEqual({ minutes: 60, messages: all.length });
    await until(() => listener.texts.length >= all.length);
    expect(listener.texts).toEqual(all);
    expect(listener.events).toEqual(['connected']);
    expect(source.counters.messages).toBe(all.length);
  });

  test('a slow consumer holds the server back and loses nothing', async () => {
    const { server, url } = await serve();
    const listener = new (class extends Listener {
      override async onMessage(text: string | Buffer): Promise<void> {
        this.texts.push(text.toString());
        if (this.texts.length % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
        else await Promise.resolve();
      }
    })();
    follow(url, { listener });
    await server.playUntil(START + 120);
    const all = expected(120);
    await until(() => listener.texts.length >= all.length);
    expect(listener.texts).toEqual(all);
  });

  test('a consumer that fails ends the run with its error', async () => {
    const { server, url } = await serve();
    const listener = new (class extends Listener {
      override async onMessage(): Promise<void> {
        throw new Error('disk full');
      }
    })();
    const { ended } = follow(url, { listener });
    await server.playUntil(START + 1);
    await expect(ended).rejects.toThrow('disk full');
  });

  test('a dropped connection is reported, and what was played meanwhile is lost', async () => {
    const { server, url } = await serve();
    const { listener } = follow(url);
    await server.playUntil(START + 5);
    await until(() => listener.texts.length === expected(5).length);
    server.faults.refusing = true;
    server.drop();
    await until(() => listener.events.length === 2);
    expect(listener.events[1]).toMatch(/^disconnected: closed by the server/);
    expect(server.state.clients).toBe(0);
    server.faults.refusing = false;
    await until(() => server.state.subscribers === 1);
    await server.playUntil(START + 7);
    await until(() => listener.texts.length === expected(7).length);
    expect(listener.events.filter((event) => event === 'connected')).toHaveLength(2);
  });

  test('a stalled connection is found by the missing pong and replaced', async () => {
    const { server, url } = await serve();
    const { listener, source } = follow(url, { stallSeconds: 0.3 });
    await server.playUntil(START + 1);
    // Quiet, but answering: no alarm.
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(listener.events).toEqual(['connected']);
    server.faults.stalled = true;
    await until(() => listener.events.length >= 3);
    expect(listener.events[1]).toMatch(/^stalled: neither message nor pong/);
    expect(listener.events[2]).toMatch(/^disconnected: stalled/);
    server.faults.stalled = false;
    await until(() => listener.events.filter((event) => event === 'connected').length === 2);
    expect(source.counters.stalls).toBeGreaterThanOrEqual(1);
  });

  test('a process that was held up itself takes its own silence for no silence of the feed', async () => {
    const { server, url } = await serve();
    const { listener, source } = follow(url, { stallSeconds: 0.5 });
    await server.playUntil(START + 1);
    for (let round = 0; round < 3; round++) {
      // After the check phase come timers, before anything is read: the watch looks while the answer still waits.
      await new Promise((resolve) => setImmediate(resolve));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await server.playUntil(START + 2);
    await until(() => listener.texts.length === expected(2).length);
    expect(listener.events).toEqual(['connected']);
    expect(source.counters.stalls).toBe(0);
  });

  test('pongs without news are an alarm when asked for', async () => {
    const { url } = await serve();
    const { listener } = follow(url, { stallSeconds: 0.3, silenceSeconds: 0.6 });
    await until(() => listener.events.some((event) => event.startsWith('silent')));
  });

  test('duplicates are dropped by id, and only when asked for', async () => {
    const { server, url } = await serve();
    server.faults.duplicateEvery = 3;
    const dropping = follow(url);
    const keeping = follow(url, { duplicateWindow: 0 });
    await until(() => server.state.subscribers === 2);
    await server.playUntil(START + 10);
    const all = expected(10);
    const doubled = Math.floor(all.length / 3);
    await until(() => keeping.listener.texts.length === all.length + doubled);
    await until(() => dropping.source.counters.duplicates === doubled);
    expect(dropping.listener.texts).toEqual(all);
  });

  test('malformed and unknown messages are handed on, errors are counted, and the rest goes on', async () => {
    const { server, url } = await serve();
    const { listener, source } = follow(url);
    await until(() => server.state.subscribers === 1);
    server.sendText('{"type":"ris_mess');
    server.sendError('you are slow');
    await server.playUntil(START + 2);
    await until(() => listener.texts.length === expected(2).length + 1);
    expect(listener.texts[0]).toBe('{"type":"ris_mess');
    expect(source.counters.errors).toBe(1);
    expect(listener.events).toEqual(['connected']);
  });

  test('a refused subscription ends the run with what to do', async () => {
    const { url } = await serve();
    const { ended } = follow(url, { subscription: { prefix: 'nonsense' } });
    await expect(ended).rejects.toThrow(SubscriptionRefused);
    await expect(ended).rejects.toThrow(/"nonsense" is not a prefix/);
  });

  test('several subscriptions count as one connection, and overlap without duplicates', async () => {
    const { server, url } = await serve();
    const { listener, source } = follow(url, {
      subscription: [{ host: 'rrc00' }, { require: 'announcements' }],
    });
    await until(() => listener.events.length === 1);
    await server.playUntil(START + 5);
    const all = expected(5);
    await until(() => listener.texts.length >= all.length);
    expect(listener.texts).toEqual(all);
    expect(source.counters.duplicates).toBe(all.filter((text) => text.includes('"announcements"')).length);
    expect(listener.events).toEqual(['connected']);
  });

  test('a service that never acknowledges is tried again, and nothing of it is delivered', async () => {
    const wire = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    cleanups.push(() => wire.close());
    await new Promise((resolve) => wire.once('listening', resolve));
    let connections = 0;
    wire.on('connection', (socket) => {
      connections++;
      const timer = setInterval(() => socket.send('{"type":"ris_message","data":{}}'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    const url = `ws://127.0.0.1:${(wire.address() as { port: number }).port}`;
    const { listener, source } = follow(url, { stallSeconds: 0.2 });
    await until(() => connections >= 3);
    expect(listener.texts).toEqual([]);
    expect(listener.events).toEqual([]);
    expect(source.counters.early).toBeGreaterThan(0);
  });

  test('a consumer that throws in a callback ends the run with its error', async () => {
    const { url } = await serve();
    const listener = new (class extends Listener {
      override onConnected(): void {
        throw new Error('no room');
      }
    })();
    await expect(follow(url, { listener }).ended).rejects.toThrow('no room');
  });

  test('a message larger than allowed ends the connection, not the program', async () => {
    const wire = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    cleanups.push(() => wire.close());
    await new Promise((resolve) => wire.once('listening', resolve));
    let connections = 0;
    wire.on('connection', (socket) => {
      connections++;
      socket.send(Buffer.alloc(5 * 1024 * 1024, 0x20), { binary: false });
    });
    const { listener } = follow(`ws://127.0.0.1:${(wire.address() as { port: number }).port}`);
    await until(() => connections >= 3);
    expect(listener.texts).toHaveLength(0);
    for (const client of wire.clients) client.terminate();
  });

  test.each([
    ['http://127.0.0.1/', /is not a WebSocket URL: expected ws:/],
    ['nonsense', /is not a WebSocket URL/],
  ])('a wrong URL is refused at once: %s', (url, message) => {
    expect(() => new RisLiveSource({ url, logger, random: () => 0 })).toThrow(message);
  });
});

describe('subscription filters', () => {
  const world = makeWorld();
  const all = Array.from({ length: 20 }, (_, i) => world.minute(START + i)).flat();
  const parsed = all.map((text) => JSON.parse(text).data as Record<string, unknown>);
  const someAnnouncement = parsed.find((m) => m.announcements !== undefined)!;
  const path = someAnnouncement.path as number[];
  const cases: [string, RisSubscription, (m: Record<string, unknown>) => boolean][] = [
    ['host', { host: 'rrc00' }, () => true],
    ['other host', { host: 'rrc21' }, () => false],
    ['peer', { peer: '192.0.2.12' }, (m) => m.peer === '192.0.2.12'],
    ['require', { require: 'withdrawals' }, (m) => m.withdrawals !== undefined],
    ['type', { type: 'RIS_PEER_STATE' }, (m) => m.type === 'RIS_PEER_STATE'],
    ['origin by path', { path: `${path.at(-1)}$` }, (m) => (m.path as number[] | undefined)?.at(-1) === path.at(-1)],
    ['first by path', { path: `^${path[0]}` }, (m) => (m.path as number[] | undefined)?.[0] === path[0]],
    [
      'more specific',
      { prefix: '10.0.0.0/9' },
      (m) => prefixesOf(m).some((p) => Number(p.split('.')[1]) < 128 && !p.includes(':')),
    ],
    ['exact only', { prefix: '10.0.0.0/9', moreSpecific: false }, () => false],
  ];
  test.each(cases)('%s', async (_, subscription, keeps) => {
    const { server, url } = await serve();
    const { listener } = follow(url, { subscription });
    await server.playUntil(START + 20);
    const wanted = all.filter((_text, i) => keeps(parsed[i]!));
    server.sendText('{"type":"end"}');
    await until(() => listener.texts.at(-1) === '{"type":"end"}');
    expect(listener.texts.slice(0, -1)).toEqual(wanted);
  });
});

function prefixesOf(m: Record<string, unknown>): string[] {
  const announcements = (m.announcements ?? []) as { prefixes: string[] }[];
  return [...announcements.flatMap(({ prefixes }) => prefixes), ...((m.withdrawals ?? []) as string[])];
}

describe('the simulated server speaks the protocol', () => {
  test('acknowledges, answers ping and lists, complains about nonsense, unsubscribes', async () => {
    const { server, url } = await serve();
    const socket = new WebSocket(url);
    const answers: { type: string; data: unknown }[] = [];
    socket.on('message', (data) => answers.push(JSON.parse(data.toString())));
    await new Promise((resolve) => socket.once('open', resolve));
    cleanups.push(() => socket.terminate());
    const ask = async (text: string) => {
      const before = answers.length;
      socket.send(text);
      await until(() => answers.length > before);
      return answers.at(-1)!;
    };
    expect((await ask('{"type":"ping"}')).type).toBe('pong');
    expect(await ask('{"type":"request_rrc_list"}')).toEqual({ type: 'ris_rrc_list', data: ['rrc00'] });
    expect((await ask('nonsense')).type).toBe('ris_error');
    expect((await ask('{"type":"dance"}')).data).toEqual({ message: 'Unknown message type: dance' });
    expect((await ask('{"type":"ris_subscribe","data":{"host":7}}')).type).toBe('ris_error');
    const accepted = await ask(
      '{"type":"ris_subscribe","data":{"require":"announcements","socketOptions":{"acknowledge":true,"includeRaw":true}}}',
    );
    expect(accepted.type).toBe('ris_subscribe_ok');
    expect(server.state.subscribers).toBe(1);
    await server.playUntil(START + 1);
    await until(() => answers.at(-1)!.type === 'ris_message');
    const { raw } = answers.at(-1)!.data as { raw: string };
    expect(raw.startsWith('FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF')).toBe(true);
    expect(Number.parseInt(raw.slice(32, 36), 16)).toBe(raw.length / 2);
    socket.send('{"type":"ris_unsubscribe","data":{"require":"announcements"}}');
    await until(() => server.state.subscribers === 0);
  });

  test('any request whatever gets an answer or is taken, and the service stays up', async () => {
    const { url } = await serve();
    const socket = new WebSocket(url);
    await new Promise((resolve) => socket.once('open', resolve));
    cleanups.push(() => socket.terminate());
    let pongs = 0;
    socket.on('message', (data) => {
      if (data.toString().startsWith('{"type":"pong"')) pongs++;
    });
    const type = fc.constantFrom('ris_subscribe', 'ris_unsubscribe', 'request_rrc_list', 'x', 7, null);
    const key = fc.constantFrom('host', 'type', 'prefix', 'path', 'peer', 'require', 'moreSpecific', 'socketOptions');
    const data = fc.dictionary(key, fc.jsonValue());
    const requests = fc.oneof(
      fc.record({ type, data }).map((one) => JSON.stringify(one)),
      fc.json(),
      fc.string(),
    );
    for (const request of fc.sample(requests, { numRuns: 2000, seed: 11 })) socket.send(request);
    socket.send('{"type":"ping"}');
    await until(() => pongs === 1);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  test('a client that takes nothing is cut off, and playing goes on', async () => {
    const { server, url } = await serve({ slowClientMs: 300 });
    const socket = new WebSocket(url);
    socket.on('error', () => undefined);
    cleanups.push(() => socket.terminate());
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('{"type":"ris_subscribe","data":{}}');
    await until(() => server.state.subscribers === 1);
    socket.pause();
    const played = await server.playUntil(START + 300);
    expect(played.minutes).toBe(300);
    expect(server.state.clients).toBe(0);
  });
});

test('waits double up to the bound, with at most half taken off', () => {
  const longest = new Backoff({ firstMs: 100, mostMs: 1000 }, () => 1);
  expect([1, 2, 3, 4, 5, 6].map(() => longest.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  const shortest = new Backoff({ firstMs: 100, mostMs: 1000 }, () => 0);
  expect(shortest.next()).toBe(50);
  longest.reset();
  expect(longest.next()).toBe(100);
});
