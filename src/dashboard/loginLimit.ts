const WINDOW = 15 * 60_000;
const MOST_ADDRESSES = 10_000;

/** Counts wrong tokens by address, so that guessing is hopeless. */
export class LoginLimit {
  private readonly failures = new Map<string, { since: number; count: number }>();

  constructor(private readonly attempts: number) {}

  /** Seconds to wait before the next try; 0 when it may try now. `now` in milliseconds. */
  wait(address: string, now: number): number {
    const entry = this.failures.get(address);
    if (entry === undefined || now - entry.since >= WINDOW) return 0;
    return entry.count >= this.attempts ? Math.ceil((entry.since + WINDOW - now) / 1000) : 0;
  }

  failed(address: string, now: number): void {
    const entry = this.failures.get(address);
    if (entry !== undefined && now - entry.since < WINDOW) {
      entry.count++;
      return;
    }
    if (this.failures.size >= MOST_ADDRESSES) this.failures.delete(this.failures.keys().next().value ?? '');
    this.failures.set(address, { since: now, count: 1 });
  }

  succeeded(address: string): void {
    this.failures.delete(address);
  }
}
