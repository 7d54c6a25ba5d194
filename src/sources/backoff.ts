export interface BackoffOptions {
  /** Wait before the first new attempt. */
  firstMs: number;
  /** No wait is longer. */
  mostMs: number;
}

/**
 * Waits that double up to a bound, each with a random half, so that clients cut off together do not return together.
 */
export class Backoff {
  #attempt = 0;

  constructor(
    readonly options: BackoffOptions,
    readonly random: () => number,
  ) {}

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const full = Math.min(this.options.mostMs, this.options.firstMs * 2 ** Math.min(this.#attempt++, 30));
    return full * (0.5 + 0.5 * this.random());
  }

  get attempts(): number {
    return this.#attempt;
  }

  reset(): void {
    this.#attempt = 0;
  }
}
