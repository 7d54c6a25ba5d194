import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { GeneratedTable } from '../fullTable/generatedTable.js';
import { risLiveMessages } from './messages.js';
import { tableMessages } from './tableMessages.js';

/** What the sender is told, as JSON in its one argument. */
export interface SenderOptions {
  messagesPerSecond: number;
  seconds: number;
  seed: number;
  /** Updates of a generated table of so many routes and peers, not of prefixes of the sender's own. */
  table?: { routes: number; peers: number };
}

/** Lines of the sender's standard output. */
export type SenderNews =
  | { at: 'listening'; url: string }
  | { at: 'started' }
  | { at: 'sending'; sent: number; lateSeconds: number }
  | {
      at: 'sent';
      sent: number;
      seconds: number;
      minutes: Record<number, { announcements: number; withdrawals: number }>;
    };

const POOL = 200_000;
const TICK_MS = 10;
/** A server's frame of 126 to 65,535 bytes (RFC 6455, 5.2): unmasked text, 16-bit length. */
const FRAME_HEADER = 4;
const PLACE = 1_700_000_000.25;
/** Bytes that may wait in this process before it waits itself. */
const MOST_WAITING = 8 * 1024 * 1024;

interface Pool {
  bytes: Buffer;
  /** Where each message's frame begins; one more for the end. */
  start: Uint32Array;
  /** Where each message's timestamp is. */
  time: Uint32Array;
  withdraws: Uint8Array;
}

/** Frames made once, so that sending costs a copy and the digits of the time. */
function preparePool({ seed, table }: SenderOptions): Pool {
  const texts =
    table === undefined
      ? risLiveMessages(POOL, seed, () => PLACE)
      : tableMessages(new GeneratedTable(table.routes, seed, table.peers), POOL, PLACE);
  const bytes = Buffer.alloc(texts.reduce((sum, text) => sum + text.length + FRAME_HEADER, 0));
  const pool = {
    bytes,
    start: new Uint32Array(POOL + 1),
    time: new Uint32Array(POOL),
    withdraws: new Uint8Array(POOL),
  };
  let at = 0;
  for (const [index, text] of texts.entries()) {
    pool.start[index] = at;
    pool.time[index] = at + FRAME_HEADER + text.indexOf(String(PLACE));
    pool.withdraws[index] = text.includes('"withdrawals"') ? 1 : 0;
    bytes[at] = 0x81;
    bytes[at + 1] = 126;
    bytes.writeUInt16BE(text.length, at + 2);
    at += FRAME_HEADER + bytes.write(text, at + FRAME_HEADER, 'latin1');
  }
  pool.start[POOL] = at;
  return pool;
}

const tell = (news: SenderNews) => process.stdout.write(`${JSON.stringify(news)}\n`);

/**
 * Sends at an even pace; a message's time is when it was due. A client that is slow gets everything later, in order:
 * nothing is left out.
 */
async function send(socket: Socket, pool: Pool, options: SenderOptions): Promise<void> {
  const perTick = Math.round((options.messagesPerSecond * TICK_MS) / 1000);
  const ticks = Math.round((options.seconds * 1000) / TICK_MS);
  const minutes: Record<number, { announcements: number; withdrawals: number }> = {};
  // whole ticks, so that the time's two digits are exact
  const started = Math.ceil(Date.now() / TICK_MS) * TICK_MS;
  let next = 0;
  let told = started;
  for (let tick = 0; tick < ticks; tick++) {
    const due = started + tick * TICK_MS;
    const minute = Math.floor(due / 60_000);
    const totals = (minutes[minute] ??= { announcements: 0, withdrawals: 0 });
    const time = (due / 1000).toFixed(2);
    for (let left = perTick; left > 0; ) {
      const count = Math.min(left, POOL - next);
      const from = pool.start[next]!;
      const chunk = Buffer.from(pool.bytes.subarray(from, pool.start[next + count]!));
      for (let i = next; i < next + count; i++) {
        chunk.write(time, pool.time[i]! - from, 'latin1');
        if (pool.withdraws[i] === 1) totals.withdrawals++;
        else totals.announcements++;
      }
      socket.write(chunk);
      left -= count;
      next = (next + count) % POOL;
    }
    while (socket.writableLength > MOST_WAITING) await sleep(TICK_MS);
    const now = Date.now();
    if (now - told >= 1000) {
      tell({ at: 'sending', sent: (tick + 1) * perTick, lateSeconds: Math.max(0, now - due) / 1000 });
      told = now;
    }
    if (due + TICK_MS > now) await sleep(due + TICK_MS - now);
  }
  while (socket.writableLength > 0) await sleep(TICK_MS);
  tell({ at: 'sent', sent: ticks * perTick, seconds: (Date.now() - started) / 1000, minutes });
}

/** Once all is sent, the feed lives on without updates, so that its last minute can close. */
const keepalive = () =>
  JSON.stringify({
    type: 'ris_message',
    data: { timestamp: Date.now() / 1000, peer: '192.0.2.1', peer_asn: '64500', type: 'KEEPALIVE' },
  });

const options = JSON.parse(process.argv[2] ?? '') as SenderOptions;
const pool = preparePool(options);
const http = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
let sending = false;
http.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('message', (data) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'ping') client.send('{"type":"pong","data":null}');
      if (type !== 'ris_subscribe' || sending) return;
      sending = true;
      client.send('{"type":"ris_subscribe_ok","data":{}}', () => {
        tell({ at: 'started' });
        void send(socket as Socket, pool, options).then(() => setInterval(() => client.send(keepalive()), 500));
      });
    });
  });
});
http.listen(0, '127.0.0.1', () => {
  tell({ at: 'listening', url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/ws/` });
});
// the bench that started it is gone
process.stdin.on('end', () => process.exit(0)).resume();
