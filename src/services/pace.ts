const POLL_MILLISECONDS = 500;
const LONGEST_MILLISECONDS = 2_000;
/** A process with more streams looks less often at each: polls are for lost notifications, and must not fill a core. */
const STREAMS_AT_FULL_PACE = 16;

/**
 * How long a stage waits for a notification before it looks by itself: half a second. One whose work comes with
 * notified rows alone waits twice as long each time that it looked in vain, up to two seconds.
 */
export class Pace {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  /** @param byRows whether all of the stage's work comes with rows that are notified */
  constructor(streams: number, byRows: boolean) {
    this.#first = POLL_MILLISECONDS * Math.max(1, streams / STREAMS_AT_FULL_PACE);
    this.#longest = byRows ? Math.max(this.#first, LONGEST_MILLISECONDS) : this.#first;
    this.#next = this.#first;
  }

  /** Milliseconds to wait after a step that found nothing. */
  inVain(): number {
    const milliseconds = this.#next;
    this.#next = Math.min(milliseconds * 2, this.#longest);
    return milliseconds;
  }

  /** Something came: more may follow soon. */
  reset(): void {
    this.#next = this.#first;
  }
}
