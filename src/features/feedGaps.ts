import type { Minute } from './row.js';

/** First and last minutes of gaps in a feed that are not closed yet. */
export class FeedGaps {
  constructor(private spans: [first: Minute, last: Minute][] = []) {}

  add(first: Minute, last: Minute): void {
    this.spans.push([first, last]);
  }

  has(minute: Minute): boolean {
    return this.spans.some(([first, last]) => minute >= first && minute <= last);
  }

  /** Last minute of any of them; -Infinity without one. */
  get last(): Minute {
    return this.spans.reduce((latest, [, last]) => Math.max(latest, last), Number.NEGATIVE_INFINITY);
  }

  /** Forgets those that end before a minute. */
  forgetBefore(minute: Minute): void {
    this.spans = this.spans.filter(([, last]) => last >= minute);
  }

  toJSON(): [first: Minute, last: Minute][] {
    return this.spans;
  }
}
