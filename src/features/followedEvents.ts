import type { ByteReader, ByteWriter } from './byteStream.js';
import { FollowedTransits } from './followedTransits.js';
import { type KnownRoutes, type OriginEvent, routesTo } from './originEvent.js';
import type { RouteFacts } from './routeFacts.js';
import { type EndedEvent, MINUTES_PER_DAY, type Minute, type StandingEvent } from './row.js';
import { GONE_SHARE, isDue } from './standingTime.js';

interface Followed extends OriginEvent {
  since: Minute;
  /** The most peers that had the new origin's route at the end of a minute. */
  peak: number;
  /** When it was last listed as in place. */
  listed?: Minute;
}

interface Kept {
  events: Followed[];
  transits: object;
}

/** Minutes in which an event is listed again though no peer speaks of it: a route needs some to reach all of them. */
const SPREADING = 4;
const FOLLOWED = 4000;
/** Peers from which on an event is worth a line while it is in place. */
const WORTH_LISTING = 2;

/** Route events of the last day, watched until their routes are gone. Keeps their prefixes from being forgotten. */
export class FollowedEvents {
  #events: Followed[] = [];
  readonly transits: FollowedTransits;

  constructor(private readonly known: Pick<KnownRoutes, 'prefixes'>) {
    this.transits = new FollowedTransits(known);
  }

  follow(events: readonly OriginEvent[], minute: Minute): void {
    if (events.length === 0) return;
    const known = new Set(this.#events.map(keyOf));
    for (const event of events) {
      if (event.holders.length === 0 || known.has(keyOf(event))) continue;
      this.#events.push({ ...event, since: minute, peak: 0 });
      for (const id of pinned(event)) this.known.prefixes.refer(id, 1);
    }
    while (this.#events.length > FOLLOWED) this.#release(this.#events.shift()!);
  }

  /** Looks up how routes came down to the holders when an event that is followed began; null for one that is not. */
  beginnings(): (event: Omit<OriginEvent, 'above'>) => Pick<OriginEvent, 'above' | 'reach'> | null {
    const events = new Map(this.#events.map((event) => [keyOf(event), event]));
    return (event) => {
      const kept = events.get(keyOf(event));
      return kept?.reach === undefined ? null : { above: kept.above, reach: kept.reach };
    };
  }

  /** Events that still spread, without those that this minute lists anyway. */
  spreading(minute: Minute, listed: readonly OriginEvent[]): OriginEvent[] {
    const named = new Set(listed.map(keyOf));
    return this.#events.filter((event) => event.since > minute - SPREADING && !named.has(keyOf(event)));
  }

  /** Looks where each event's routes are now, lists now and then those in place, and lets go of those that are over. */
  look(facts: RouteFacts): { ended: EndedEvent[]; standing: StandingEvent[] } {
    const over: EndedEvent[] = [];
    const standing: StandingEvent[] = [];
    const { prefixes } = facts.known;
    this.#events = this.#events.filter((event) => {
      if (event.since <= facts.minute - MINUTES_PER_DAY) {
        this.#release(event);
        return false;
      }
      // routes change by messages that name the prefix, and what was looked at once stays as it was
      const due = event.peak >= WORTH_LISTING && isDue(event.since, event.listed, facts.minute);
      if (event.peak > 0 && !due && prefixes.lastMinute(event.prefix) < facts.minute) return true;
      const { taken, held, routes } = routesTo(facts.known, event);
      event.peak = Math.max(event.peak, taken);
      // one that no peer had at the end of a minute came and went within it, or is still on its way
      const onItsWay = event.peak === 0 && event.since > facts.minute - SPREADING;
      if (onItsWay || taken > event.peak * GONE_SHARE) {
        if (due) {
          event.listed = facts.minute;
          standing.push({ prefix: prefixes.text(event.prefix), origin: event.origin, peers: taken, routes });
        }
        return true;
      }
      over.push({ prefix: prefixes.text(event.prefix), origin: event.origin, peers: event.peak, held });
      this.#release(event);
      return false;
    });
    return { ended: over, standing };
  }

  write(writer: ByteWriter): void {
    writer.json({ events: this.#events, transits: this.transits.toJson() } satisfies Kept);
  }

  /** The prefixes' references are in the snapshot of their own table. */
  read(reader: ByteReader): void {
    const kept = reader.json() as Kept | OlderEvent[];
    // snapshots of older versions hold the events alone, and lack what lay above the holders
    const events: OlderEvent[] = Array.isArray(kept) ? kept : kept.events;
    this.#events = events.map((event) => ({ ...event, above: event.above ?? [] }));
    if (!Array.isArray(kept)) this.transits.restore(kept.transits);
  }

  #release(event: Followed): void {
    for (const id of pinned(event)) this.known.prefixes.refer(id, -1);
  }
}

type OlderEvent = Omit<Followed, 'above'> & Partial<Pick<Followed, 'above'>>;

function keyOf({ prefix, origin, holders, covering, forged }: Omit<OriginEvent, 'above'>): string {
  return `${prefix} ${origin} ${forged ? holders[0] : covering < 0}`;
}

function pinned({ prefix, covering }: OriginEvent): number[] {
  return covering < 0 ? [prefix] : [prefix, covering];
}
