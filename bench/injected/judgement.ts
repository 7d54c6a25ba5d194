import type { Incident, IncidentChange, Severity } from '../../src/incidents/incident.js';
import { severityRank } from '../../src/incidents/severity.js';
import type { IncidentLine } from '../realFeed/incidentLine.js';
import { endOf } from '../realFeed/incidentLine.js';
import { printed } from '../realFeed/report.js';
import type { InjectedEvent } from './pass.js';

/** How an event fared. */
export interface Judged {
  event: InjectedEvent;
  /** An incident at or over `major` began with it that names the network or a prefix of it. */
  raised: boolean;
  /** Not raised, but an incident at or over `major` that began before names it. */
  swallowed: boolean;
  /** Seconds of event time from the first message until the minute that raised it was closed; null when only the end of the run showed it. */
  delaySeconds: number | null;
  /** An incident that began with it, is no other event's, and names the right network. */
  own: boolean;
  /** Class and severity of the incident that comes nearest; null when it was not found at all, of whatever severity. */
  found: { class: string; severity: Severity; headline: string } | null;
}

const MINUTE_MS = 60_000;
/** The aggregator closes a minute so long after its end. */
const GRACE_MS = 30_000;
/** Minutes after the end in which an incident may still be told. */
const AFTERWARDS = 10;
/** Prefixes of an event that are looked for in the words. */
const LOOKED_FOR = 50;
/** Of these the prefixes are anybody's: only the network tells them from others. */
const BY_NETWORK = /^(leak|outage of a transit|new peering)/;

const isMajor = ({ severity }: Incident) => severityRank(severity) >= severityRank('major');
const minuteOf = (timeMs: number) => Math.floor(timeMs / MINUTE_MS);

/** All that a person reads of an incident, with a blank around each word. */
function wordsOf(incident: Incident): string {
  const { headline, reasons, culprits } = printed(incident);
  const text = [headline, ...reasons, ...Object.values(culprits).flat()].join(' ');
  return ` ${text.replace(/[^0-9A-Za-z.:/]+/g, ' ')} `.replace(/[.:] /g, ' ');
}

/** Words of incidents, made once each. */
class Reading {
  readonly #words = new WeakMap<Incident, string>();

  of(incident: Incident): string {
    let words = this.#words.get(incident);
    if (words === undefined) this.#words.set(incident, (words = wordsOf(incident)));
    return words;
  }

  names(incident: Incident, { networks, kind }: InjectedEvent): boolean {
    const words = this.of(incident);
    const named = networks.filter((network) => words.includes(` AS${network} `)).length;
    return kind === 'new peering' ? named === networks.length : named > 0;
  }

  touches(incident: Incident, event: InjectedEvent): boolean {
    if (this.names(incident, event)) return true;
    if (BY_NETWORK.test(event.kind)) return false;
    const words = this.of(incident);
    return event.prefixes.slice(0, LOOKED_FOR).some((prefix) => words.includes(` ${prefix} `));
  }
}

/** Judges the events of one pass by what operators were told, and by the incidents as they stand at the end. */
export function judged(events: readonly InjectedEvent[], { incidents, changes }: IncidentLine): Judged[] {
  const reading = new Reading();
  return events.map((event): Judged => {
    const first = minuteOf(event.startMs);
    const last = minuteOf(event.endMs) + AFTERWARDS;
    const isOf = ({ subject }: Incident, { networks }: InjectedEvent) =>
      networks.some((network) => subject === `AS${network}`);
    const overlaps = (incident: Incident, other: InjectedEvent) =>
      minuteOf(other.startMs) <= endOf(incident) && minuteOf(other.endMs) + AFTERWARDS >= incident.startedAt;
    // that of a leaker names its neighbours too, which may have an event of their own
    const isOnlyAnothers = (incident: Incident) =>
      !isOf(incident, event) && events.some((other) => isOf(incident, other) && overlaps(incident, other));
    const near = incidents.filter(
      (incident) =>
        incident.startedAt <= last &&
        endOf(incident) > first &&
        reading.touches(incident, event) &&
        !isOnlyAnothers(incident),
    );
    const telling = changes.find(
      ({ type, minute, incident }: IncidentChange) =>
        type !== 'closed' &&
        minute >= first &&
        minute <= last &&
        incident.startedAt >= first - 1 &&
        isMajor(incident) &&
        reading.touches(incident, event) &&
        !isOnlyAnothers(incident),
    );
    const beganWithIt = near.filter(({ startedAt }) => startedAt >= first - 1);
    const raised = telling !== undefined || beganWithIt.some(isMajor);
    const isAnothers = (incident: Incident) =>
      events.some(
        (other) =>
          other !== event &&
          overlaps(incident, other) &&
          (isOf(incident, event) ? isOf(incident, other) : reading.names(incident, other)),
      );
    const own = beganWithIt.filter((incident) => reading.names(incident, event) && !isAnothers(incident));
    const [best] = [...own, ...beganWithIt, ...near].sort(
      (a, b) => severityRank(b.severity) - severityRank(a.severity),
    );
    return {
      event,
      raised,
      swallowed: !raised && near.some(isMajor),
      delaySeconds: telling === undefined ? null : ((telling.minute + 1) * MINUTE_MS + GRACE_MS - event.startMs) / 1000,
      own: own.length > 0,
      found:
        best === undefined ? null : { class: best.class, severity: best.severity, headline: printed(best).headline },
    };
  });
}
