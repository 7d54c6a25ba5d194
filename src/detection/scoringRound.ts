/**
 * Brings the streams of one detector together: a stream that has read its minutes waits until the others that are
 * reading have read theirs, and all are scored in the same turn of the event loop. So the engine of the LSTM, which
 * merges what it is asked in one turn, takes a hundred streams' minutes in one call.
 */
export class ScoringRound {
  readonly #reading = new Set<symbol>();
  #waiting: (() => void)[] = [];
  /** The readers that the oldest waiting stream waits for; who comes to read later is of the next round. */
  #awaited = new Set<symbol>();

  /** Reads a stream's minutes; it holds nobody up once it has ended, well or badly. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    const reader = Symbol('reader');
    this.#reading.add(reader);
    try {
      return await work();
    } finally {
      this.#reading.delete(reader);
      this.#awaited.delete(reader);
      this.#start();
    }
  }

  /** Resolves when it is time to score. */
  turn(): Promise<void> {
    if (this.#waiting.length === 0) this.#awaited = new Set(this.#reading);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#start();
    });
  }

  #start(): void {
    if (this.#awaited.size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
