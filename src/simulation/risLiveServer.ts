import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Minute } from '../features/row.js';
import type { Logger } from '../sources/source.js';
import { risLiveText, type SimulatedMessage } from './message.js';
import { RisLiveClient } from './risLiveClient.js';
import type { SimulatedWorld } from './world.js';

export interface RisLiveServerOptions {
  world: SimulatedWorld;
  logger: Logger;
  /** 0 = any free port (default). */
  port?: number;
  /** Hold `playUntil` back until a client has subscribed (default false). */
  waitForSubscriber?: boolean;
  /** A client that takes nothing for so long is cut off, as the real service does (default 30,000). */
  slowClientMs?: number;
}

export interface PlayOptions {
  /** Pace; absent = as fast as the clients take it. */
  messagesPerSecond?: number;
  /** Each message at its own time by this clock, ms since 1970, and those that are due at once. */
  clock?: () => number;
  signal?: AbortSignal;
}

export interface PlayState {
  /** The next minute to be played. */
  position: Minute;
  playing: boolean;
  clients: number;
  subscribers: number;
  /** Messages played, whether or not a client was there. */
  messages: number;
}

/** Faults that tests switch on and off. */
export interface RisLiveFaults {
  /** Connections stay open, but nothing is sent or answered; what is played meanwhile is lost. */
  stalled: boolean;
  /** New connections are refused with 503. */
  refusing: boolean;
  /** Every n-th message is sent twice; 0 = none. */
  duplicateEvery: number;
}

const MOST_BUFFERED = 1024 * 1024;
const MESSAGES_BETWEEN_CHECKS = 128;
const LARGEST_REQUEST = 256 * 1024;

/**
 * RIS Live on loopback (https://ris-live.ripe.net/manual/), fed by the simulated world. Time moves when `playUntil`
 * says so. Like the real service it never resends: what is played while a client is away is lost to it.
 */
export class RisLiveServer {
  readonly faults: RisLiveFaults = { stalled: false, refusing: false, duplicateEvery: 0 };
  readonly #options: RisLiveServerOptions;
  readonly #world: SimulatedWorld;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Set<RisLiveClient>();
  #position: Minute;
  #playing = false;
  #closed = false;
  #messages = 0;

  constructor(options: RisLiveServerOptions) {
    this.#options = options;
    this.#world = options.world;
    this.#position = options.world.startMinute;
    this.#http = createServer((_, response) => response.writeHead(426).end('a WebSocket service\n'));
    this.#sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: LARGEST_REQUEST });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head));
  }

  /** @returns the URL for clients. Rejects when the port is taken. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(this.#options.port ?? 0, '127.0.0.1', resolve);
    });
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/v1/ws/`;
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.faults.refusing) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, socket));
  }

  #accept(socket: WebSocket, transport: Socket): void {
    const client = new RisLiveClient(socket, transport, this.#world);
    this.#clients.add(client);
    socket.on('message', (data) => {
      if (!this.faults.stalled) client.request(data.toString());
    });
    socket.on('error', (error) => this.#options.logger.warn({ error: error.message }, 'a RIS Live client failed'));
    socket.on('close', () => this.#clients.delete(client));
  }

  get state(): PlayState {
    const clients = [...this.#clients];
    return {
      position: this.#position,
      playing: this.#playing,
      clients: clients.length,
      subscribers: clients.filter((client) => client.subscribed).length,
      messages: this.#messages,
    };
  }

  /**
   * Sends all minutes from the position up to, but not including, `until`, and resolves when the clients' sockets have
   * taken them. A position already there resolves at once.
   *
   * @throws Error when something is being played already; the signal's reason when aborted (between two minutes)
   */
  async playUntil(until: Minute, options: PlayOptions = {}): Promise<{ minutes: number; messages: number }> {
    if (this.#playing) throw new Error(`already playing (at minute ${this.#position}): wait for it to end`);
    this.#playing = true;
    const first = { position: this.#position, messages: this.#messages };
    try {
      if (this.#options.waitForSubscriber) await this.#subscriber(options.signal);
      const pace = new Pace(options.messagesPerSecond);
      while (this.#position < until && !this.#closed) {
        options.signal?.throwIfAborted();
        await this.#playMinute(pace, options);
        this.#position++;
      }
      await this.#drained(0);
    } finally {
      this.#flush();
      this.#playing = false;
    }
    return { minutes: this.#position - first.position, messages: this.#messages - first.messages };
  }

  async #playMinute(pace: Pace, { clock, signal }: PlayOptions): Promise<void> {
    const messages = this.#world.messages(this.#position);
    for (const message of messages) {
      if (clock) await this.#time(message.centisecond * 10, clock, signal);
      if (pace.due()) {
        this.#flush();
        await pace.wait();
      }
      if (++this.#messages % MESSAGES_BETWEEN_CHECKS === 0) await this.#drained(MOST_BUFFERED);
      this.#send(message);
    }
    if (clock) await this.#time((this.#position + 1) * 60_000, clock, signal);
  }

  async #time(at: number, clock: () => number, signal: AbortSignal | undefined): Promise<void> {
    while (!this.#closed && clock() < at) {
      this.#flush();
      await sleep(Math.min(at - clock(), 250), undefined, { signal });
    }
  }

  #send(message: SimulatedMessage): void {
    if (this.faults.stalled || this.#clients.size === 0) return;
    const text = risLiveText(this.#world.table, this.#world.host, message);
    const { duplicateEvery } = this.faults;
    const copies = duplicateEvery > 0 && this.#messages % duplicateEvery === 0 ? 2 : 1;
    for (const client of this.#clients) for (let copy = 0; copy < copies; copy++) client.offer(message, text);
  }

  async #subscriber(signal: AbortSignal | undefined): Promise<void> {
    while (!this.#closed && ![...this.#clients].some((client) => client.subscribed)) {
      await sleep(10, undefined, { signal });
    }
  }

  /** Waits until no client has more than `most` bytes outstanding; cuts off those that take nothing. */
  async #drained(most: number): Promise<void> {
    this.#flush();
    let last = Number.POSITIVE_INFINITY;
    let progressAt = performance.now();
    // One turn of the loop at least, so that requests are heard during a long play.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.#closed) {
      const behind = [...this.#clients].filter((client) => client.open && client.socket.bufferedAmount > most);
      if (behind.length === 0) return;
      const outstanding = behind.reduce((sum, client) => sum + client.socket.bufferedAmount, 0);
      if (outstanding !== last) {
        last = outstanding;
        progressAt = performance.now();
      } else if (performance.now() - progressAt > (this.#options.slowClientMs ?? 30_000)) {
        this.#options.logger.warn({ clients: behind.length }, 'cut off RIS Live clients that take nothing');
        for (const client of behind) client.socket.terminate();
      }
      await sleep(1);
    }
  }

  #flush(): void {
    for (const client of this.#clients) client.flush();
  }

  /** Fault: cuts all connections without a goodbye. */
  drop(): void {
    for (const client of this.#clients) client.socket.terminate();
  }

  /** Fault: sends any text to all clients, such as a malformed message. */
  sendText(text: string): void {
    for (const client of this.#clients) client.send(text);
    this.#flush();
  }

  /** Fault: sends a `ris_error` to all clients. */
  sendError(message: string): void {
    this.sendText(JSON.stringify({ type: 'ris_error', data: { message } }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.drop();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}

/** Spreads messages evenly over wall-clock time. */
class Pace {
  readonly #from = performance.now();
  #sent = 0;

  constructor(readonly messagesPerSecond: number | undefined) {}

  due(): boolean {
    if (this.messagesPerSecond === undefined) return false;
    this.#sent++;
    // Timers are too coarse for single messages: a few go together.
    return this.#ahead() > 5;
  }

  #ahead(): number {
    return (this.#sent / this.messagesPerSecond!) * 1000 - (performance.now() - this.#from);
  }

  async wait(): Promise<void> {
    await sleep(Math.max(1, this.#ahead()));
  }
}
