import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { beat } from '../../src/incidents/alerts/heartbeat.js';
import { openTestDatabase } from '../support/database.js';

const realTimeout = AbortSignal.timeout;
/** Time limits asked for, ms. */
let limits: number[] = [];

// a hundred times as fast
beforeEach(() => {
  limits = [];
  AbortSignal.timeout = (milliseconds) => {
    limits.push(milliseconds);
    return realTimeout.call(AbortSignal, milliseconds / 100);
  };
});

afterEach(() => {
  AbortSignal.timeout = realTimeout;
});

test.each([
  ['says nothing', () => undefined],
  ['drips a header, a byte at a time', (socket: Socket) => void socket.write('x')],
])(
  'a heartbeat to an address that %s ends after its 20 seconds',
  async (_, drip) => {
    const sockets = new Set<Socket>();
    const timers: NodeJS.Timeout[] = [];
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
        timers.push(setInterval(() => drip(socket), 20));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const database = await openTestDatabase();
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping`;
      const settings = { url, intervalSeconds: 60, method: 'GET' as const };
      const began = performance.now();
      await expect(beat(database.pool, settings)).rejects.toMatchObject({ name: 'TimeoutError' });
      const took = performance.now() - began;
      expect(limits).toEqual([20_000]);
      expect(took).toBeGreaterThan(150);
      expect(took).toBeLessThan(5_000);
      expect(sockets.size).toBe(1);
    } finally {
      for (const timer of timers) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
    }
  },
  60_000,
);
