import type { ServerResponse } from 'node:http';
import type { Changes } from '../storage/changes.js';

/** Even without news a page hears from us this often, in milliseconds, so that it can distinguish silence from loss. */
export const HEARTBEAT = 5_000;
const MOST_LISTENERS = 200;

/**
 * Server-sent events (WHATWG HTML, 9.2): sends every open page what changed. One query per interval serves all pages,
 * and none is asked while nobody looks. A page that reconnects gets the whole state first, so nothing can be missed.
 */
export class EventFeed {
  readonly #listeners = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #last: string | undefined;
  #sentAt = 0;
  #asking = false;
  #closed = false;

  /**
   * @param ask gives the present state
   * @param interval milliseconds between questions
   * @param troubled called once for each outage of the database
   */
  constructor(
    private readonly ask: () => Promise<Changes>,
    private readonly interval: number,
    private readonly clock: { now(): number },
    private readonly troubled: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.#listeners.size;
  }

  /** @returns false when too many pages listen already */
  add(response: ServerResponse): boolean {
    if (this.#closed || this.#listeners.size >= MOST_LISTENERS) return false;
    this.#listeners.add(response);
    response.once('close', () => this.#remove(response));
    response.write(`retry: 1500\n${this.#last === undefined ? '\n' : this.#last}`);
    this.#timer ??= setInterval(() => void this.#poll(), this.interval);
    void this.#poll();
    return true;
  }

  close(): void {
    this.#closed = true;
    for (const response of this.#listeners) response.end();
    this.#listeners.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #remove(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#last = undefined;
  }

  async #poll(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#send(event('state', await this.ask()));
    } catch (error) {
      const message = event('trouble', {
        error: 'The database does not answer. What you see is the last known state.',
      });
      if (this.#last !== message) this.troubled(error);
      this.#send(message);
    } finally {
      this.#asking = false;
    }
  }

  #send(message: string): void {
    const now = this.clock.now();
    if (message === this.#last && now - this.#sentAt < HEARTBEAT) return;
    this.#last = message;
    this.#sentAt = now;
    for (const response of this.#listeners) response.write(message);
  }
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
