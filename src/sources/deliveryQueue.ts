import type { FeedConsumer } from './source.js';

interface Waiting {
  text: Buffer;
  receivedAtMs: number;
}

const PAUSE_ABOVE = 512;
const RESUME_BELOW = 128;

/** Hands messages to a consumer one at a time and in order, and stops the connection while it is behind. */
export class DeliveryQueue {
  #waiting: Waiting[] = [];
  #busy: Promise<void> | null = null;
  #paused = false;

  /** @param fail called once with the consumer's error; nothing is delivered after it */
  constructor(
    readonly consumer: Pick<FeedConsumer, 'onMessage'>,
    readonly connection: { pause(): void; resume(): void },
    readonly fail: (error: unknown) => void,
  ) {}

  /** Whether the connection is paused, when silence on it says nothing. */
  get paused(): boolean {
    return this.#paused;
  }

  push(text: Buffer, receivedAtMs: number): void {
    if (this.#busy === null) {
      try {
        const result = this.consumer.onMessage(text, receivedAtMs);
        if (result !== undefined) this.#busy = this.#drain(result);
      } catch (error) {
        this.fail(error);
      }
      return;
    }
    this.#waiting.push({ text, receivedAtMs });
    if (!this.#paused && this.#waiting.length > PAUSE_ABOVE) {
      this.#paused = true;
      this.connection.pause();
    }
  }

  async #drain(first: Promise<void>): Promise<void> {
    try {
      await first;
      // Taken in blocks: shifting a long array message by message would be quadratic.
      while (this.#waiting.length > 0) {
        const block = this.#waiting;
        this.#waiting = [];
        for (const [index, { text, receivedAtMs }] of block.entries()) {
          const result = this.consumer.onMessage(text, receivedAtMs);
          if (result !== undefined) await result;
          if (this.#paused && block.length - index + this.#waiting.length < RESUME_BELOW) {
            this.#paused = false;
            this.connection.resume();
          }
        }
      }
    } catch (error) {
      this.#waiting = [];
      this.fail(error);
    } finally {
      this.#busy = null;
      if (this.#paused) {
        this.#paused = false;
        this.connection.resume();
      }
    }
  }

  /** Resolves when everything pushed so far has been delivered. */
  async idle(): Promise<void> {
    while (this.#busy !== null) await this.#busy;
  }
}
