import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { Backoff, type BackoffOptions } from './backoff.js';
import { DeliveryQueue } from './deliveryQueue.js';
import { DuplicateFilter } from './duplicateFilter.js';
import { webSocketAgent } from './http/proxy.js';
import { type RisSubscription, risSubscriptionSchema } from './risSubscription.js';
import type { FeedConsumer, LiveSource, Logger } from './source.js';

export const RIS_LIVE_URL = 'wss://ris-live.ripe.net/v1/ws/?client=routewarden';

export interface RisLiveOptions {
  /** ws: or wss: (default the public service). */
  url?: string;
  /** One or several; none = `{}`, the messages of all collectors. */
  subscription?: RisSubscription | RisSubscription[];
  /** Neither a message nor a pong for so long: the connection is dead (default 30). */
  stallSeconds?: number;
  /** No BGP message for so long, although pongs come: the feed behind the socket is dead (default off). */
  silenceSeconds?: number;
  /** Message ids remembered to drop what is delivered twice; 0 = off (default 4096). */
  duplicateWindow?: number;
  backoff?: BackoffOptions;
  /** Largest message taken, bytes (default 4 MiB); a larger one ends the connection. */
  largestMessage?: number;
  logger: Logger;
  /** Uniform in [0, 1), for the jitter. */
  random: () => number;
  now?: () => number;
}

/** The feed does not take the subscription; trying again would not help. */
export class SubscriptionRefused extends Error {
  constructor(message: string) {
    super(`RIS Live refuses the subscription: ${message}; check the stream's host, prefix, path and peer filters`);
    this.name = 'SubscriptionRefused';
  }
}

const errorSchema = z.object({ data: z.object({ message: z.string() }) });
const REFUSALS = 3;
const CLEAN_CLOSE_MS = 1000;

/**
 * Client of RIPE's RIS Live (https://ris-live.ripe.net/manual/). Hands on the text of every `ris_message` and of
 * everything it does not know; answers, pongs and errors are its own business. Reconnects for as long as it runs, with
 * bounded and jittered waits.
 */
export class RisLiveSource implements LiveSource {
  /** `early`: messages that came before all subscriptions were acknowledged; they belong to the gap. */
  readonly counters = { messages: 0, bytes: 0, duplicates: 0, early: 0, errors: 0, connections: 0, stalls: 0 };
  readonly #options: RisLiveOptions;
  readonly #url: URL;
  readonly #subscriptions: RisSubscription[];
  readonly #backoff: Backoff;
  readonly #duplicates: DuplicateFilter;
  readonly #now: () => number;
  #away: string | null = null;
  #refusals = 0;

  /** @throws Error for a URL that is not a WebSocket URL, or a subscription that RIS Live does not know */
  constructor(options: RisLiveOptions) {
    this.#options = options;
    this.#url = webSocketUrl(options.url ?? RIS_LIVE_URL);
    const wanted = options.subscription ?? {};
    this.#subscriptions = (Array.isArray(wanted) ? wanted : [wanted]).map((one) => risSubscriptionSchema.parse(one));
    this.#backoff = new Backoff(options.backoff ?? { firstMs: 500, mostMs: 30_000 }, options.random);
    this.#duplicates = new DuplicateFilter(options.duplicateWindow ?? 4096);
    this.#now = options.now ?? Date.now;
  }

  /** Why the last connection ended or did not come about; null while there is one, and before the first. */
  get away(): string | null {
    return this.#away;
  }

  async run(consumer: FeedConsumer, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reason = await this.#connection(consumer, signal);
      this.#away = reason;
      if (signal.aborted) return;
      const wait = Math.round(this.#backoff.next());
      this.#options.logger.warn({ reason, wait_ms: wait, attempt: this.#backoff.attempts }, 'RIS Live is away');
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection from opening to its end; resolves with the reason of the end. */
  #connection(consumer: FeedConsumer, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.#url, {
        perMessageDeflate: false,
        agent: webSocketAgent(this.#url.href),
        handshakeTimeout: this.#stallMs,
        maxPayload: this.#options.largestMessage ?? 4 * 1024 * 1024,
      });
      let failure: unknown = null;
      let reason = '';
      let connected = false;
      const end = (why: string) => {
        reason ||= why;
        socket.terminate();
      };
      const queue = new DeliveryQueue(consumer, socket, (error) => {
        failure ??= error;
        end('the consumer failed');
      });
      const tell = (call: () => void) => {
        try {
          call();
        } catch (error) {
          failure ??= error;
          end('the consumer failed');
        }
      };
      const watch = this.#watch(socket, queue, (why) => {
        tell(() => consumer.onStalled(why));
        end(why);
      });
      const onAbort = () => {
        reason ||= 'stopped';
        socket.close(1000);
        setTimeout(() => socket.terminate(), CLEAN_CLOSE_MS).unref();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      let awaited = this.#subscriptions.length;
      let unanswered: NodeJS.Timeout | undefined;
      socket.on('open', () => {
        for (const one of this.#subscriptions) socket.send(subscribeText(one));
        unanswered = setTimeout(() => end('the subscription was not acknowledged'), this.#stallMs);
      });
      socket.on('message', (data: Buffer) => {
        const kind = kindOf(data);
        watch.alive(kind === 'ris_message');
        if (failure !== null || signal.aborted) return;
        if (kind === 'pong' || kind === 'ris_rrc_list') return;
        if (kind === 'ris_subscribe_ok') {
          awaited--;
          if (awaited > 0 || connected) return;
          connected = true;
          this.#away = null;
          clearTimeout(unanswered);
          this.#refusals = 0;
          this.counters.connections++;
          tell(() => consumer.onConnected());
        } else if (kind === 'ris_error') {
          this.#error(data, connected, end, (error) => {
            failure = error;
          });
        } else if (connected) this.#deliver(data, queue);
        // One of several subscriptions is at work already; the gap ends when all are.
        else this.counters.early++;
      });
      socket.on('error', (error) => {
        reason ||= error.message;
      });
      socket.on('close', (code, text) => {
        watch.stop();
        clearTimeout(unanswered);
        signal.removeEventListener('abort', onAbort);
        reason ||= `closed by the server (${code}${text.length > 0 ? `, ${text.toString()}` : ''})`;
        queue.idle().then(() => {
          if (connected) tell(() => consumer.onDisconnected(reason));
          if (failure !== null) reject(failure);
          else resolve(reason);
        }, reject);
      });
    });
  }

  #deliver(data: Buffer, queue: DeliveryQueue): void {
    if (this.#duplicates.isDuplicate(data)) {
      this.counters.duplicates++;
      return;
    }
    // A connection that delivers is a good one.
    this.#backoff.reset();
    this.counters.messages++;
    this.counters.bytes += data.length;
    queue.push(data, this.#now());
  }

  #error(data: Buffer, connected: boolean, end: (why: string) => void, refuse: (error: Error) => void): void {
    this.counters.errors++;
    const message = errorText(data);
    this.#options.logger.warn({ message }, 'RIS Live sent an error');
    if (connected) return;
    if (++this.#refusals >= REFUSALS) refuse(new SubscriptionRefused(message));
    end(`subscription not accepted: ${message}`);
  }

  get #stallMs(): number {
    return (this.#options.stallSeconds ?? 30) * 1000;
  }

  /** Time that only rises: a step of the clock is not silence. */
  #elapsed(): number {
    return this.#options.now?.() ?? performance.now();
  }

  /** Pings a quiet connection and reports one that does not answer, or answers but has no news. */
  #watch(socket: WebSocket, queue: DeliveryQueue, stalled: (reason: string) => void) {
    const stallMs = this.#stallMs;
    const silenceMs = (this.#options.silenceSeconds ?? 0) * 1000;
    let heard = this.#elapsed();
    let news = heard;
    let looked = heard;
    const timer = setInterval(
      () => {
        const now = this.#elapsed();
        const heldUp = now - looked > stallMs / 2;
        looked = now;
        if (queue.paused || heldUp) {
          // We do not read, so we cannot hear; and a process that was held up finds what came meanwhile only after this.
          heard = now;
          news = now;
          return;
        }
        let why = '';
        if (now - heard > stallMs) why = `stalled: neither message nor pong for ${Math.round((now - heard) / 1000)} s`;
        else if (silenceMs > 0 && now - news > silenceMs) why = `silent: no message for ${silenceMs / 1000} s`;
        if (why !== '') {
          clearInterval(timer);
          this.counters.stalls++;
          stalled(why);
        } else if (now - heard > stallMs / 3 && socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
      },
      Math.max(10, stallMs / 6),
    );
    return {
      alive: (isNews: boolean) => {
        heard = this.#elapsed();
        if (isNews) news = heard;
      },
      stop: () => clearInterval(timer),
    };
  }
}

function webSocketUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    throw new Error(`"${text}" is not a WebSocket URL: expected ws://... or wss://..., such as ${RIS_LIVE_URL}`);
  }
  return url;
}

function subscribeText(subscription: RisSubscription): string {
  const socketOptions = { ...subscription.socketOptions, acknowledge: true };
  return JSON.stringify({ type: 'ris_subscribe', data: { ...subscription, socketOptions } });
}

const TYPE = /^\s*\{\s*"type"\s*:\s*"(\w+)"/;

/** The message's type by its first bytes; decoding the JSON is the consumer's work. */
function kindOf(data: Buffer): string {
  return TYPE.exec(data.toString('latin1', 0, 64))?.[1] ?? '';
}

function errorText(data: Buffer): string {
  try {
    return errorSchema.parse(JSON.parse(data.toString())).data.message;
  } catch {
    return data.toString('utf8', 0, 200);
  }
}
