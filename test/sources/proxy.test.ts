import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { RisLiveServer } from '../../src/simulation/risLiveServer.js';
import { SimulatedWorld } from '../../src/simulation/world.js';
import { RisLiveSource } from '../../src/sources/risLive.js';
import { httpReceiver, type Receiver } from '../alerts/receivers.js';
import { routewarden } from '../support/command.js';

/** A proxy that knows CONNECT, and keeps what it was asked for. */
let proxy: Server;
let asked: string[];
let proxyUrl: string;
let receiver: Receiver;

beforeAll(async () => {
  proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (request, socket, head) => {
    asked.push(String(request.url));
    const [host = '', port] = String(request.url).split(':');
    // A name that only the proxy knows, as behind a firewall.
    const out = connect(Number(port), host.endsWith('.test') ? '127.0.0.1' : host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      out.write(head);
      out.pipe(socket).pipe(out);
    });
    out.on('error', () => socket.destroy());
    socket.on('error', () => out.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  receiver = await httpReceiver();
});
afterAll(() => {
  receiver.close();
  proxy.closeAllConnections();
  proxy.close();
});
beforeEach(() => {
  asked = [];
  receiver.messages.length = 0;
});

const channel = (host: string) =>
  JSON.stringify([{ name: 'noc', type: 'webhook', url: `http://${host}:${receiver.port}/hook` }]);

test('a webhook is reached by way of HTTP_PROXY, by a name that the proxy alone knows', async () => {
  const { code, stderr } = await routewarden(['alerts', 'test', 'noc'], {
    HTTP_PROXY: proxyUrl,
    ROUTEWARDEN_ALERTS_CHANNELS: channel('hooks.test'),
  });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(asked).toEqual([`hooks.test:${receiver.port}`]);
  expect(receiver.messages).toHaveLength(1);
});

test('a host of NO_PROXY is reached straight', async () => {
  const { code } = await routewarden(['alerts', 'test', 'noc'], {
    HTTP_PROXY: proxyUrl,
    NO_PROXY: '127.0.0.1',
    ROUTEWARDEN_ALERTS_CHANNELS: channel('127.0.0.1'),
  });
  expect(code).toBe(0);
  expect(asked).toEqual([]);
  expect(receiver.messages).toHaveLength(1);
});

test('RIS Live is followed by way of the proxy', async () => {
  const logger = { info() {}, warn() {}, error() {} };
  const world = new SimulatedWorld({ seed: 3, startMinute: 29_500_000, messagesPerMinute: 200, resetsPerWeek: 0 });
  const live = new RisLiveServer({ world, logger, waitForSubscriber: true });
  const { port } = new URL(await live.listen());
  process.env.HTTP_PROXY = proxyUrl;
  const ending = new AbortController();
  try {
    const source = new RisLiveSource({ url: `ws://ris-live.test:${port}/`, logger, random: () => 0.5 });
    let messages = 0;
    const consumer = {
      onMessage: () => void (++messages === 20 && ending.abort()),
      onConnected() {},
      onDisconnected() {},
      onStalled() {},
    };
    const running = source.run(consumer, ending.signal);
    await live.playUntil(29_500_002);
    await running;
    expect(messages).toBeGreaterThanOrEqual(20);
    expect(asked).toContain(`ris-live.test:${port}`);
  } finally {
    delete process.env.HTTP_PROXY;
    ending.abort();
    await live.close();
  }
});
