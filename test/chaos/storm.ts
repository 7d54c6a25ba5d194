import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/random/random.js';
import type { Fault } from './faults/fault.js';
import type { OutageWatch } from './outages.js';
import type { Subject } from './subject.js';

export interface StormOptions {
  subject: Subject;
  watch: OutageWatch;
  seed: number;
  kinds: readonly Fault[];
  faults: number;
  minutes: number;
  say: (line: string) => void;
}

/** Faults one after the other, each kind as often as the others in an order that the seed draws. */
export class Storm {
  /** Faults that have struck. */
  struck = 0;
  readonly counts: Record<string, number> = {};
  /** What the system did that it must not do. */
  readonly failures: string[] = [];
  private stopped = false;

  constructor(private readonly options: StormOptions) {}

  get isOver(): boolean {
    return this.stopped || this.struck >= this.options.faults;
  }

  stop(): void {
    this.stopped = true;
  }

  async rage(): Promise<void> {
    const { subject, watch, seed, say, kinds, faults, minutes } = this.options;
    // What a fault draws must not change which comes next.
    const order = new Random(seed, 9);
    const interval = (minutes * 60_000) / faults;
    const possible = kinds.filter((fault) => {
      const hindrance = fault.hindrance(subject);
      if (hindrance !== null) say(`left out: ${fault.name}: ${hindrance}`);
      return hindrance === null;
    });
    const began = performance.now();
    let bag: (typeof possible)[number][] = [];
    while (!this.isOver) {
      await sleep(Math.max(50, began + this.struck * interval - performance.now()));
      if (this.isOver) return;
      if (bag.length === 0) bag = shuffled(possible, order);
      const fault = bag.pop()!;
      // What happens just before a fault must be told soon after it.
      const { receivers, pool } = subject;
      const planted = await receivers
        .plant(pool, `fault ${this.struck + 1}, ${fault.name}`)
        .catch((error: Error) => error);
      if (planted instanceof Error) this.failures.push(`an event could not be raised: ${planted.message}`);
      const from = Date.now();
      try {
        const services = await fault.strike(subject, new Random(seed, 10, this.struck));
        watch.strike({ fault: fault.name, services, from, until: Date.now() });
      } catch (error) {
        watch.strike({ fault: fault.name, services: null, from, until: Date.now() });
        this.failures.push(`${fault.name}: ${(error as Error).message}`);
        say(`FAILED ${fault.name}: ${(error as Error).stack}`);
      }
      receivers.faultEnded();
      this.struck += 1;
      this.counts[fault.name] = (this.counts[fault.name] ?? 0) + 1;
      say(`fault ${this.struck}/${faults}: ${fault.name} (${Date.now() - from} ms)`);
    }
  }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const rest = [...list];
  const order: T[] = [];
  while (rest.length > 0) order.push(...rest.splice(random.integer(rest.length), 1));
  return order;
}
