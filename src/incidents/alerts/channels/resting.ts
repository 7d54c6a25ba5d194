import type { Notice } from '../alert.js';
import type { AlertChannel } from './channel.js';
import { Refused } from './post.js';

/** Leaves a receiver alone for as long as its `Retry-After` asked, whatever else there is to send. */
export class RestingChannel implements AlertChannel {
  readonly name: string;
  #resting: { until: Date; fault: Refused } | null = null;

  constructor(
    private readonly inner: AlertChannel,
    private readonly now: () => Date,
  ) {
    this.name = inner.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    if (this.#resting !== null && this.#resting.until > this.now()) {
      const { until, fault } = this.#resting;
      const seconds = Math.ceil((until.getTime() - this.now().getTime()) / 1000);
      throw new Refused(`${fault.message} (it asked to wait ${seconds} s)`, fault.status, String(seconds));
    }
    this.#resting = null;
    try {
      await this.inner.send(notices, signal);
    } catch (error) {
      const until = error instanceof Refused ? error.retryAt(this.now()) : null;
      if (until !== null && until > this.now()) this.#resting = { until, fault: error as Refused };
      throw error;
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
