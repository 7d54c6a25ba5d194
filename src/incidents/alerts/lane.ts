import type { Notice } from './alert.js';
import type { AlertChannel } from './channels/channel.js';

/** Tries in a row that failed before a channel is left alone for a while. */
const FAILURES_BEFORE_REST = 3;
/** A try's whole time, where nothing else is asked for. */
export const TRY_SECONDS = 30;
/** A channel whose try does not end is looked at again so soon. */
const OVERDUE_SECONDS = 5;

export interface LaneOptions {
  /** A try's whole time, seconds, however slowly the other side drips. */
  trySeconds: number;
  /** Seconds that a channel rests after so many failures in a row beyond the first few (1, 2, ...). */
  restSeconds: (times: number) => number;
  now: () => Date;
}

/** One channel's way out, by itself: what is stuck in it holds up no other. It has a breaker. */
export class Lane {
  #busySince: Date | null = null;
  #failures = 0;
  #restsUntil: Date | null = null;
  #failedAt = new Date(0);
  #lastError = '';
  /** Since when a try goes on although its time is up; the channel ignores its signal. */
  #overdueSince: Date | null = null;
  /** Notices since this process began; one that was tried again counts again. */
  readonly counts = { sent: 0, failed: 0 };

  constructor(
    readonly channel: AlertChannel,
    private readonly options: LaneOptions,
  ) {}

  get name(): string {
    return this.channel.name;
  }

  /** Why nothing may be sent now and when to look again; null when it may. */
  closed(): { until: Date; error: string } | null {
    const { now, trySeconds } = this.options;
    if (this.#busySince !== null) {
      const until = new Date(Math.max(this.#busySince.getTime() + trySeconds * 1000, now().getTime() + 1000));
      return { until, error: `stuck in one message since ${this.#busySince.toISOString()}` };
    }
    if (this.#overdueSince !== null) {
      const until = new Date(now().getTime() + OVERDUE_SECONDS * 1000);
      return { until, error: `a try that was cut off has not ended since ${this.#overdueSince.toISOString()}` };
    }
    // A clock that was set back since it failed says nothing of how long it has rested.
    if (this.#restsUntil === null || this.#restsUntil <= now() || now() < this.#failedAt) return null;
    return {
      until: this.#restsUntil,
      error: `left alone after ${this.#failures} failures in a row: ${this.#lastError}`,
    };
  }

  /** Occupied until `leave`. */
  enter(): void {
    this.#busySince = this.options.now();
  }

  leave(): void {
    this.#busySince = null;
  }

  /** @throws what the channel says, or that its time is up */
  async send(notices: readonly Notice[]): Promise<void> {
    const { trySeconds, restSeconds, now } = this.options;
    try {
      await within(trySeconds, (signal) => this.#oneAtATime(notices, signal));
      this.counts.sent += notices.length;
      this.#failures = 0;
      this.#restsUntil = null;
    } catch (error) {
      this.counts.failed += notices.length;
      this.#failures += 1;
      this.#lastError = error instanceof Error ? error.message : String(error);
      this.#failedAt = now();
      const times = this.#failures - FAILURES_BEFORE_REST + 1;
      if (times > 0) this.#restsUntil = new Date(now().getTime() + restSeconds(times) * 1000);
      throw error;
    }
  }

  /** Tries that do not end must not pile up: each may hold a thread or a socket that all channels share. */
  async #oneAtATime(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    if (this.#overdueSince !== null) throw new Error('the try before has not ended');
    const late = () => {
      this.#overdueSince = this.options.now();
    };
    signal.addEventListener('abort', late, { once: true });
    try {
      await this.channel.send(notices, signal);
    } finally {
      signal.removeEventListener('abort', late);
      this.#overdueSince = null;
    }
  }
}

/** Ends a piece of work after so many seconds in all, even one that ignores its signal. */
export async function within(seconds: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, fail) => {
    timer = setTimeout(() => {
      const error = new Error(`not through after ${seconds} s in all`);
      ending.abort(error);
      fail(error);
    }, seconds * 1000);
  });
  try {
    await Promise.race([work(ending.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
