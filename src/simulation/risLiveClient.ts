import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { risSubscriptionSchema } from '../sources/risSubscription.js';
import { bgpUpdate } from './bgpUpdate.js';
import { risLiveText, type SimulatedMessage } from './message.js';
import { SubscriptionFilter } from './subscriptionFilter.js';
import type { SimulatedWorld } from './world.js';

const requestSchema = z.object({ type: z.string(), data: z.unknown().optional() });

interface Subscribed {
  key: string;
  filter: SubscriptionFilter;
  raw: boolean;
}

/** The server's side of one RIS Live connection: answers requests and sends what was subscribed to. */
export class RisLiveClient {
  #subscriptions: Subscribed[] = [];
  #sent = 0;

  constructor(
    readonly socket: WebSocket,
    /** The connection below, corked between two flushes so that many frames leave in one write. */
    readonly transport: Socket,
    readonly world: SimulatedWorld,
  ) {}

  get subscribed(): boolean {
    return this.#subscriptions.length > 0;
  }

  /** Messages sent to this client. */
  get sent(): number {
    return this.#sent;
  }

  get open(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  request(text: string): void {
    const request = requestSchema.safeParse(parse(text));
    if (!request.success) {
      this.#answer('ris_error', { message: 'Invalid message: expected a JSON object with a "type"' });
      return;
    }
    const { type, data } = request.data;
    if (type === 'ping') this.#answer('pong', null);
    else if (type === 'request_rrc_list') this.#answer('ris_rrc_list', [this.world.host]);
    else if (type === 'ris_subscribe') this.#subscribe(data);
    else if (type === 'ris_unsubscribe') this.#unsubscribe(data);
    else this.#answer('ris_error', { message: `Unknown message type: ${type}` });
  }

  #subscribe(data: unknown): void {
    const parsed = risSubscriptionSchema.safeParse(data ?? {});
    if (!parsed.success) {
      this.#answer('ris_error', { message: `Invalid subscription: ${z.prettifyError(parsed.error)}` });
      return;
    }
    const { socketOptions, ...subscription } = parsed.data;
    let filter: SubscriptionFilter;
    try {
      filter = new SubscriptionFilter(subscription, this.world.table, this.world.host);
    } catch (error) {
      this.#answer('ris_error', { message: `Invalid subscription: ${(error as Error).message}` });
      return;
    }
    const key = JSON.stringify(subscription);
    this.#subscriptions = this.#subscriptions.filter((one) => one.key !== key);
    this.#subscriptions.push({ key, filter, raw: socketOptions?.includeRaw ?? false });
    if (socketOptions?.acknowledge) this.#answer('ris_subscribe_ok', { subscription, socketOptions });
  }

  /** Ends the subscription with the same filters, or all of them when none is named. */
  #unsubscribe(data: unknown): void {
    const parsed = risSubscriptionSchema.safeParse(data ?? {});
    if (!parsed.success) {
      this.#answer('ris_error', { message: `Invalid subscription: ${z.prettifyError(parsed.error)}` });
      return;
    }
    const { socketOptions: _, ...subscription } = parsed.data;
    const key = JSON.stringify(subscription);
    this.#subscriptions = key === '{}' ? [] : this.#subscriptions.filter((one) => one.key !== key);
  }

  /** Sends a message once for every subscription that wants it; the text is made once for all clients. */
  offer(message: SimulatedMessage, text: string): void {
    for (const { filter, raw } of this.#subscriptions) {
      if (!filter.wants(message)) continue;
      this.send(raw ? this.#withRaw(message, text) : text);
    }
  }

  #withRaw(message: SimulatedMessage, text: string): string {
    if (message.kind === 'connected' || message.kind === 'down') return text;
    const { table, host } = this.world;
    return risLiveText(table, host, message, bgpUpdate(table, message).toString('hex').toUpperCase());
  }

  send(text: string): void {
    if (!this.open) return;
    this.#sent++;
    if (this.transport.writableCorked === 0) this.transport.cork();
    this.socket.send(text);
  }

  /** Lets out what was sent; to be called before the event loop turns. */
  flush(): void {
    if (this.transport.writableCorked > 0) this.transport.uncork();
  }

  #answer(type: string, data: unknown): void {
    if (this.open) this.socket.send(JSON.stringify({ type, data }));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
