import { z } from 'zod';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { Random } from '../random/random.js';
import type { ForcedRoute } from './incident.js';
import { moreSpecificOf } from './prefix.js';
import { NO_PATH, type RouteTable } from './routeTable.js';
import { PROVIDER } from './topology.js';

const rate = z.number().min(0).max(10_000);

/**
 * What changes lawfully on an ordinary day, in events a day; session resets have `resetsPerWeek`. Draws that come to nothing
 * are not repeated, so that these are upper bounds.
 */
export const churnSchema = z.object({
  /** A provider announces a customer's prefix in its place. */
  originChanges: rate,
  /** A customer announces a part of its provider's block. */
  moreSpecifics: rate,
  /** Two networks that were none become neighbours. */
  newLinks: rate,
});

export interface ChurnRates extends z.infer<typeof churnSchema> {}

/** Counted on Route Views with 45 peers, February 2008: 62 to 184, 23 to 82 and 400 to 990 a day. */
export const MEASURED_CHURN: ChurnRates = { originChanges: 120, moreSpecifics: 50, newLinks: 600 };

/** A change that lasts from `startMinute` until `endMinute`. */
export interface ChurnPlan {
  startMinute: Minute;
  endMinute: Minute;
  forced: ForcedRoute[];
}

/** Parts of blocks that customers announce in turn. */
const PARTS = 48;
const LEAST_MINUTES = 30;
const MEAN_MINUTES = 300;
/** A plan of one day is over before the day after the next, so that two days' plans are all there is to look at. */
const MOST_MINUTES = MINUTES_PER_DAY - 1;

/** The lawful changes of each day, drawn from the seed and the day alone. */
export class Churn {
  readonly #parts: number[] = [];
  readonly #days = new Map<number, ChurnPlan[]>();

  /** Appends the parts of blocks to the table's prefixes, so it is made once, with the world. */
  constructor(
    readonly table: RouteTable,
    readonly seed: number,
    readonly rates: ChurnRates,
  ) {
    if (rates.moreSpecifics === 0) return;
    const random = new Random(seed, 0xb0);
    const blocks = table.byFamily[4].filter(
      (index) => table.prefixes[index]!.length <= 20 && this.#customers(index).length > 0,
    );
    for (const [n, block] of random.sample(blocks, PARTS).entries()) {
      const origin = random.pick(this.#customers(block));
      const text = moreSpecificOf(table.prefixes[block]!, n);
      if (table.prefixes.some((known) => known.text === text)) continue;
      this.#parts.push(table.prefixes.length);
      table.prefixes.push({ text, family: 4, length: 24, origin });
    }
  }

  /** Plans that begin or end in a minute. */
  at(minute: Minute): { starting: ChurnPlan[]; ending: ChurnPlan[] } {
    const day = Math.floor(minute / MINUTES_PER_DAY);
    const plans = [...this.#day(day - 1), ...this.#day(day)];
    return {
      starting: plans.filter(({ startMinute }) => startMinute === minute),
      ending: plans.filter(({ endMinute }) => endMinute === minute),
    };
  }

  #day(day: number): ChurnPlan[] {
    let plans = this.#days.get(day);
    if (plans === undefined) {
      plans = this.#draw(day);
      this.#days.set(day, plans);
      this.#days.delete(day - 3);
    }
    return plans;
  }

  #draw(day: number): ChurnPlan[] {
    const random = new Random(this.seed, 0xb1, day);
    const plans: ChurnPlan[] = [];
    const add = (events: number, draw: (random: Random) => ForcedRoute[]) => {
      for (let n = random.poisson(events); n > 0; n--) {
        const startMinute = day * MINUTES_PER_DAY + random.integer(MINUTES_PER_DAY);
        const minutes = Math.min(MOST_MINUTES, LEAST_MINUTES + Math.round(random.exponential(MEAN_MINUTES)));
        plans.push({ startMinute, endMinute: startMinute + minutes, forced: draw(random) });
      }
    };
    add(this.rates.originChanges, (own) => this.#originChange(own));
    add(this.rates.moreSpecifics, (own) => this.#moreSpecific(own));
    add(this.rates.newLinks, (own) => this.#newLink(own));
    return plans;
  }

  #customers(prefix: number): number[] {
    const { neighbours } = this.table.topology;
    const { origin } = this.table.prefixes[prefix]!;
    return [...neighbours.keys()].filter((as) =>
      neighbours[as]!.some(({ as: other, relation }) => other === origin && relation === PROVIDER),
    );
  }

  /** Every IPv4 session's route to an AS, for a prefix. */
  #announcedBy(as: number, prefix: number): ForcedRoute[] {
    return [...this.table.sessions.entries()]
      .filter(([session, { family }]) => family === 4 && this.table.normal(session, as) !== NO_PATH)
      .map(([session]) => ({ session, prefix, path: this.table.normal(session, as) }));
  }

  #originChange(random: Random): ForcedRoute[] {
    const prefix = random.pick(this.table.byFamily[4]);
    const { origin } = this.table.prefixes[prefix]!;
    const providers = this.table.topology.neighbours[origin]!.filter(({ relation }) => relation === PROVIDER);
    return providers.length === 0 ? [] : this.#announcedBy(random.pick(providers).as, prefix);
  }

  #moreSpecific(random: Random): ForcedRoute[] {
    if (this.#parts.length === 0) return [];
    const prefix = random.pick(this.#parts);
    return this.#announcedBy(this.table.prefixes[prefix]!.origin, prefix);
  }

  /** A transit on the way reaches the origin itself, whose neighbour it was not. */
  #newLink(random: Random): ForcedRoute[] {
    const { table } = this;
    const { numbers, neighbours } = table.topology;
    const prefix = random.pick(table.byFamily[4]);
    const { origin } = table.prefixes[prefix]!;
    const ways = [...table.sessions.entries()]
      .filter(([session, { family }]) => family === 4 && table.normal(session, origin) !== NO_PATH)
      .map(([session]) => [...new Set(table.paths.path(table.normal(session, origin)))])
      .filter((path) => path.length >= 3);
    if (ways.length === 0) return [];
    const left = numbers.indexOf(random.pick(random.pick(ways).slice(0, -2)));
    if (neighbours[left]!.some(({ as }) => as === origin)) return [];
    return [...table.sessions.entries()].flatMap(([session, { family }]): ForcedRoute[] => {
      const normal = table.normal(session, origin);
      if (family !== 4 || normal === NO_PATH) return [];
      const path = table.paths.path(normal);
      const at = path.indexOf(numbers[left]!);
      if (at < 0) return [];
      return [{ session, prefix, path: table.paths.intern([...path.slice(0, at + 1), numbers[origin]!]) }];
    });
  }
}
