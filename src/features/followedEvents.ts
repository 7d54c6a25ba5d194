import type { ByteReader, ByteWriter } from './byteStream.js';
import type { KnownRoutes, OriginEvent, RouteFacts } from './routeFacts.js';
import { type EndedEvent, MINUTES_PER_DAY, type Minute } from './row.js';

interface Followed extends OriginEvent {
  since: Minute;
  /** The most peers that had the new origin's route at the end of a minute. */
  peak: number;
}

/** Minutes in which an event is listed again though no peer speaks of it: a route needs some to reach all of them. */
const SPREADING = 4;
const FOLLOWED = 4000;
/** An event is over when so small a share of the peers that had its route has it still. */
const LEFT_SHARE = 0.1;

/** Route events of the last day, watched until their routes are gone. Keeps their prefixes from being forgotten. */
export class FollowedEvents {
  /** By `keyOf`, oldest first. */
  #events = new Map<string, Followed>();

  constructor(private readonly known: Pick<KnownRoutes, 'prefixes'>) {}

  follow(events: readonly OriginEvent[], minute: Minute): void {
    for (const event of events) {
      const key = keyOf(event);
      if (event.holders.length === 0 || this.#events.has(key)) continue;
      this.#events.set(key, { ...event, since: minute, peak: 0 });
      for (const id of pinned(event)) this.known.prefixes.references[id]!++;
    }
    for (const [key, event] of this.#events) {
      if (this.#events.size <= FOLLOWED) break;
      this.#release(key, event);
    }
  }

  /** How routes came down to the holders when an event that is followed began; null for one that is not. */
  begun(event: Omit<OriginEvent, 'above'>): Pick<OriginEvent, 'above' | 'reach'> | null {
    const kept = this.#events.get(keyOf(event));
    return kept?.reach === undefined ? null : { above: kept.above, reach: kept.reach };
  }

  /** Events that still spread, without those that this minute lists anyway. */
  spreading(minute: Minute, listed: readonly OriginEvent[]): OriginEvent[] {
    const named = new Set(listed.map(keyOf));
    return [...this.#events].flatMap(([key, event]) =>
      event.since > minute - SPREADING && !named.has(key) ? [event] : [],
    );
  }

  /** Looks where each event's routes are now, and lets go of those that are over. */
  ended(facts: RouteFacts): EndedEvent[] {
    const over: EndedEvent[] = [];
    const { prefixes } = facts.known;
    for (const [key, event] of this.#events) {
      if (event.since <= facts.minute - MINUTES_PER_DAY) {
        this.#release(key, event);
        continue;
      }
      // routes change by messages that name the prefix, and what was looked at once stays as it was
      if (event.peak > 0 && prefixes.lastMinute[event.prefix]! < facts.minute) continue;
      const { taken, held } = facts.routesTo(event);
      event.peak = Math.max(event.peak, taken);
      // one that no peer had at the end of a minute came and went within it, or is still on its way
      const onItsWay = event.peak === 0 && event.since > facts.minute - SPREADING;
      if (onItsWay || taken > event.peak * LEFT_SHARE) continue;
      over.push({ prefix: prefixes.text(event.prefix), origin: event.origin, peers: event.peak, held });
      this.#release(key, event);
    }
    return over;
  }

  write(writer: ByteWriter): void {
    writer.json([...this.#events.values()]);
  }

  /** The prefixes' references are in the snapshot of their own table. */
  read(reader: ByteReader): void {
    const events = reader.json() as (Omit<Followed, 'above'> & Partial<Pick<Followed, 'above'>>)[];
    // snapshots of older versions lack what lay above the holders
    for (const event of events) this.#events.set(keyOf(event), { ...event, above: event.above ?? [] });
  }

  #release(key: string, event: Followed): void {
    this.#events.delete(key);
    for (const id of pinned(event)) this.known.prefixes.references[id]!--;
  }
}

function keyOf({ prefix, origin, holders, covering, forged }: Omit<OriginEvent, 'above'>): string {
  return `${prefix} ${origin} ${forged ? holders[0] : covering < 0}`;
}

function pinned({ prefix, covering }: OriginEvent): number[] {
  return covering < 0 ? [prefix] : [prefix, covering];
}
