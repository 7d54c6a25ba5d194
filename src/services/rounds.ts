/** Work of a service that fails again and again while its heartbeat goes on. */
export interface FailingRound {
  /** Such as `alerter/all`, `ensemble/rrc00` or `watch drift`. */
  what: string;
  /** Failures in a row. */
  failures: number;
  /** When the first of them was, ISO. */
  since: string;
  /** The newest error, cut to 300 letters. */
  error: string;
}

const LONGEST_ERROR = 300;

/** Counts the rounds of one service that fail, for its row in `services`: a heartbeat alone says nothing of its work. */
export class Rounds {
  readonly #open = new Map<string, FailingRound>();

  constructor(private readonly now: () => Date) {}

  failed(what: string, error: unknown): void {
    const text = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
    const before = this.#open.get(what);
    this.#open.set(what, {
      what,
      failures: (before?.failures ?? 0) + 1,
      since: before?.since ?? this.now().toISOString(),
      error: text,
    });
  }

  /** A round went well. */
  went(what: string): void {
    this.#open.delete(what);
  }

  /** Those whose last round failed. */
  failing(): FailingRound[] {
    return [...this.#open.values()];
  }
}
