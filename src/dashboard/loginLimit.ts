const WINDOW = 15 * 60_000;
const MOST_ADDRESSES = 10_000;
const MOST_WAITING = 8;
const STEP_MILLISECONDS = 1_000;
const LONGEST_MILLISECONDS = 5_000;

interface Entry {
  since: number;
  failures: number;
  waiting: number;
  turn: Promise<void>;
  /** Tokens, hashed, that were right from this address; they wait no more. */
  good: Set<string>;
}

/**
 * Slows tries by address once some were wrong, so that guessing is hopeless and yet the right token comes in: behind one
 * address there may be many. Tries take turns, each after a wait; more than a few that wait are refused.
 */
export class LoginLimit {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly attempts: number,
    private readonly pause: (milliseconds: number) => Promise<void> = (milliseconds) =>
      new Promise((done) => setTimeout(done, milliseconds)),
  ) {}

  /**
   * Resolves when this address may try.
   * @param now milliseconds since 1970
   * @returns false when too many of it wait already
   */
  async turn(address: string, token: string, now: number): Promise<boolean> {
    const entry = this.#entries.get(address);
    if (entry === undefined || now - entry.since >= WINDOW) return true;
    if (entry.failures < this.attempts || entry.good.has(token)) return true;
    if (entry.waiting >= MOST_WAITING) return false;
    entry.waiting += 1;
    const wait = Math.min(LONGEST_MILLISECONDS, STEP_MILLISECONDS * (entry.failures - this.attempts + 1));
    const turn = entry.turn.then(() => this.pause(wait));
    entry.turn = turn;
    await turn;
    entry.waiting -= 1;
    return true;
  }

  failed(address: string, now: number): void {
    const entry = this.#entries.get(address);
    if (entry !== undefined && now - entry.since < WINDOW) {
      entry.failures += 1;
      return;
    }
    if (this.#entries.size >= MOST_ADDRESSES) this.#entries.delete(this.#entries.keys().next().value ?? '');
    const fresh = { since: now, failures: 1, waiting: 0, turn: Promise.resolve(), good: new Set<string>() };
    this.#entries.set(address, fresh);
  }

  /** The wrong ones before still count: others may guess behind the same address. */
  succeeded(address: string, token: string): void {
    this.#entries.get(address)?.good.add(token);
  }
}
