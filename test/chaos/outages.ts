import type { Pool } from 'pg';
import type { ServiceName } from '../../src/services/catalogue.js';

const SAMPLE_MILLISECONDS = 400;
/** A service that is well beats every 2 s. */
const BEAT_MILLISECONDS = 2_000;

export interface Struck {
  fault: string;
  /** Services that the fault hinders while it lasts; null: all. */
  services: readonly ServiceName[] | null;
  from: number;
  until: number;
}

export interface Outage {
  service: string;
  seconds: number;
  /** What struck it. */
  faults: string[];
}

/**
 * Reads every service's heartbeats and tells how long each was out beyond the faults that struck it: the time between
 * two beats, less the regular interval and less the time that such faults lasted.
 */
export class OutageWatch {
  private readonly beats = new Map<string, number[]>();
  private readonly struck: Struck[] = [];
  private readonly timer: NodeJS.Timeout;
  private reading = false;

  constructor(private readonly pool: Pool) {
    this.timer = setInterval(() => void this.read(), SAMPLE_MILLISECONDS);
  }

  private async read(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      const { rows } = await this.pool.query<{ name: string; beat: number }>(
        `SELECT name, extract(epoch FROM max(heartbeat_at))::float8 * 1000 AS beat FROM services
         WHERE state = 'running' GROUP BY name`,
      );
      for (const { name, beat } of rows) {
        const known = this.beats.get(name) ?? [];
        if (known.at(-1) !== beat) this.beats.set(name, [...known, beat]);
      }
    } catch {
      // The store is away: heartbeats are too.
    } finally {
      this.reading = false;
    }
  }

  strike(struck: Struck): void {
    this.struck.push(struck);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  longest(): Outage {
    let longest: Outage = { service: 'none', seconds: 0, faults: [] };
    for (const [service, beats] of this.beats) {
      for (let index = 1; index < beats.length; index += 1) {
        const [from, until] = [beats[index - 1]!, beats[index]!];
        const faults = this.struck.filter(
          ({ services, ...fault }) =>
            fault.from < until &&
            fault.until > from &&
            (services === null || services.includes(service as ServiceName)),
        );
        const lasted = length(faults.map((fault) => [Math.max(from, fault.from), Math.min(until, fault.until)]));
        const seconds = (until - from - BEAT_MILLISECONDS - lasted) / 1000;
        if (seconds > longest.seconds) longest = { service, seconds, faults: faults.map(({ fault }) => fault) };
      }
    }
    return longest;
  }
}

/** The length of a union of intervals. */
function length(intervals: [number, number][]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, until] of intervals.sort(([a], [b]) => a - b)) {
    total += Math.max(0, until - Math.max(from, end));
    end = Math.max(end, until);
  }
  return total;
}
