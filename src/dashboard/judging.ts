import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import { newestVerdictMinutes, verdictDelays } from '../storage/verdicts.js';
import { Histogram, metric } from './exposition.js';

/** Minutes of a stream that one look counts at most: a backfill is counted over several. */
const MOST = 5_000;

/**
 * Counts the verdicts that came since this process began. The database's rows go with their age and so make no counter;
 * each look counts those after the last.
 */
export class Judging {
  readonly #delays = new Histogram(
    'routewarden_verdict_delay_seconds',
    'From a minute being written to its verdict',
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  );
  readonly #minutes = new Map<string, { stream: string; verdict: string; count: number }>();

  private constructor(private readonly seen: Map<string, Minute>) {}

  static async since(pool: Pool): Promise<Judging> {
    return new Judging(await newestVerdictMinutes(pool));
  }

  /** @param streams all there are; one that is new is counted from its first minute */
  async look(pool: Pool, streams: readonly string[]): Promise<void> {
    for (const stream of streams) {
      const rows = await verdictDelays(pool, stream, this.seen.get(stream) ?? 0, MOST);
      // Of two scrapes at once the later one finds these counted.
      for (const { minute, seconds, anomalous } of rows) {
        if (minute <= (this.seen.get(stream) ?? 0)) continue;
        this.seen.set(stream, minute);
        this.#delays.observe({ stream }, seconds);
        this.#count(stream, anomalous ? 'anomalous' : 'calm');
      }
      for (const verdict of ['anomalous', 'calm']) this.#count(stream, verdict, 0);
    }
  }

  text(): string {
    return [
      metric(
        'routewarden_verdicts_total',
        'Verdicts on minutes since the dashboard began',
        [...this.#minutes.values()].map(({ stream, verdict, count }) => ({
          labels: { stream, verdict },
          value: count,
        })),
        'counter',
      ),
      this.#delays.text(),
    ].join('');
  }

  #count(stream: string, verdict: string, by = 1): void {
    const key = `${verdict} ${stream}`;
    const known = this.#minutes.get(key) ?? { stream, verdict, count: 0 };
    this.#minutes.set(key, { ...known, count: known.count + by });
  }
}
