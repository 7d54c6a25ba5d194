import { MINUTES_PER_DAY } from '../../src/features/row.js';
import { MODEL_KINDS, type ModelKindName } from '../../src/models/model.js';
import { countsBackAfter, type Span } from './countsBack.js';
import type { RegimeWalk } from './walk.js';

const HOUR = 60;
/** A day after which a boundary's traffic must be ordinary. */
const SETTLED = MINUTES_PER_DAY;
/** Share of the minutes of six hours under which a model no longer takes the traffic for an incident. */
const CALM = 0.02;
const CALM_MINUTES = 360;
/** A version of the new traffic may hold a little of the old, and have been asked for by either. */
const OLD_ROWS = 120;

export interface BoundaryOutcome {
  row: number;
  /** Hours until each kind was served by a version trained on the new traffic; null when it never was. */
  hours_until_served: Record<ModelKindName, number | null>;
  /**
   * Hours until each kind was served by a version that fits: 0 where the one before finds under 2 % of the next day's
   * minutes anomalous; else the first that was trained on the new traffic alone, or, where a small change was dated too
   * early, on six hours of it or more and that finds as little of the day after it.
   */
  hours_until_fitting: Record<ModelKindName, number | null>;
  /** Hours until each kind finds under 2 % of the next day's minutes anomalous, whatever its version was trained on. */
  hours_until_fits: Record<ModelKindName, number | null>;
  /** Hours until under 2 % of six hours of minutes outside labelled events are anomalous. */
  hours_until_calm: number | null;
  anomalous_share_after_24h: number;
  /** Without the minutes of incidents that a labelled event began: a worm's traffic falls for hours after its label ends. */
  anomalous_share_beside_events_after_24h: number;
  /** The same by kind, and by day after the boundary. */
  flagged_share_after_24h: Record<ModelKindName, number>;
  flagged_share_by_day: Record<ModelKindName, number[]>;
  share_in_incidents: number;
  longest_incident_hours: number;
  published: number;
  held: number;
  rejected: number;
  events: {
    row: number;
    minutes: number;
    own_incident: boolean;
    minutes_late: number | null;
    /** Minutes from the label's end to that of the incident, and until the counts are back; see `countsBackAfter`. */
    incident_minutes_after: number | null;
    counts_minutes_after: number | null;
  }[];
}

/** What came of each boundary, up to the next one. */
export function outcomesOf({ line, retrains }: RegimeWalk): BoundaryOutcome[] {
  const { boundaries, labels } = line.series;
  const first = line.series.block.minutes[0]!;
  const incidents = [...line.incidents.values()].map(({ startedAt, lastMinute }) => ({
    from: startedAt - first,
    until: lastMinute + 1 - first,
  }));
  const beside = Uint8Array.from(labels);
  for (const { from, until } of incidents) {
    const begins = eventsIn(labels, 0, labels.length).some(
      (event) => from >= event.from - HOUR / 2 && from < event.until,
    );
    if (begins) beside.fill(1, from, until);
  }
  return boundaries.map((row, i) => {
    const until = boundaries[i + 1] ?? labels.length;
    const own = retrains.filter((event) => event.row > row && event.row <= until);
    const servedAt = (kind: ModelKindName): number | null => {
      const at = own.find(
        (event) => event.kind === kind && event.state === 'published' && event.trainedFromRow >= row - OLD_ROWS,
      );
      return at === undefined ? null : (at.row - row) / HOUR;
    };
    const within = incidents.filter((span) => span.from < until && span.until > row);
    let covered = 0;
    for (let at = row; at < until; at++) if (within.some((span) => at >= span.from && at < span.until)) covered++;
    return {
      row,
      hours_until_served: Object.fromEntries(MODEL_KINDS.map((kind) => [kind, servedAt(kind)])) as Record<
        ModelKindName,
        number | null
      >,
      hours_until_fitting: Object.fromEntries(
        MODEL_KINDS.map((kind) => {
          const track = line.tracks.get(kind)!;
          // Nothing fits while there is no version yet.
          const serves = Number.isFinite(track.score[row]);
          const isCalm = (from: number) =>
            from + CALM_MINUTES <= until &&
            shareAnomalous(track.flagged, labels, from, Math.min(until, from + SETTLED)) < CALM;
          if (serves && isCalm(row)) return [kind, 0];
          const fitting = own.find(
            (event) =>
              event.kind === kind &&
              event.state === 'published' &&
              event.row >= row + CALM_MINUTES &&
              isCalm(event.row),
          );
          const hours = [servedAt(kind), fitting === undefined ? null : (fitting.row - row) / HOUR];
          return [kind, hours.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a))];
        }),
      ) as Record<ModelKindName, number | null>,
      hours_until_fits: Object.fromEntries(
        MODEL_KINDS.map((kind) => {
          const track = line.tracks.get(kind)!;
          const serves = Number.isFinite(track.score[row]);
          return [kind, serves ? calmAfter(track.flagged, labels, row, until, SETTLED) : null];
        }),
      ) as Record<ModelKindName, number | null>,
      hours_until_calm: calmAfter(line.anomalous, labels, row, until, CALM_MINUTES),
      anomalous_share_after_24h: shareAnomalous(line.anomalous, labels, row + SETTLED, until),
      anomalous_share_beside_events_after_24h: shareAnomalous(line.anomalous, beside, row + SETTLED, until),
      flagged_share_after_24h: byKind((kind) =>
        shareAnomalous(line.tracks.get(kind)!.flagged, labels, row + SETTLED, until),
      ),
      flagged_share_by_day: byKind((kind) => daily(line.tracks.get(kind)!.flagged, labels, row, until)),
      share_in_incidents: covered / (until - row),
      longest_incident_hours: Math.max(0, ...within.map((span) => (span.until - span.from) / HOUR)),
      published: own.filter(({ state }) => state === 'published').length,
      held: own.filter(({ state }) => state === 'held').length,
      rejected: own.filter(({ state }) => state === 'rejected').length,
      events: eventsIn(labels, row, until).map((event) => {
        // One that began long before is another's.
        const found = incidents.find(
          (span) => span.from >= event.from - HOUR / 2 && span.from < event.until && span.until > event.from,
        );
        return {
          row: event.from,
          minutes: event.until - event.from,
          own_incident: found !== undefined,
          minutes_late: found === undefined ? null : Math.max(0, found.from - event.from),
          incident_minutes_after: found === undefined ? null : found.until - event.until,
          counts_minutes_after: countsBackAfter(line.series.block, labels, event, { from: row, until }),
        };
      }),
    };
  });
}

function shareAnomalous(anomalous: Uint8Array, labels: Uint8Array, from: number, until: number): number {
  let ordinary = 0;
  let flagged = 0;
  for (let row = from; row < until; row++) {
    if (labels[row] === 1) continue;
    ordinary++;
    flagged += anomalous[row]!;
  }
  return ordinary === 0 ? 0 : flagged / ordinary;
}

const byKind = <T>(of: (kind: ModelKindName) => T): Record<ModelKindName, T> =>
  Object.fromEntries(MODEL_KINDS.map((kind) => [kind, of(kind)])) as Record<ModelKindName, T>;

const daily = (flagged: Uint8Array, labels: Uint8Array, from: number, until: number): number[] =>
  Array.from({ length: Math.ceil((until - from) / SETTLED) }, (_, day) =>
    shareAnomalous(flagged, labels, from + day * SETTLED, Math.min(until, from + (day + 1) * SETTLED)),
  );

/** Hours until the next `length` minutes are calm. */
function calmAfter(
  anomalous: Uint8Array,
  labels: Uint8Array,
  from: number,
  until: number,
  length: number,
): number | null {
  for (let row = from; row + length <= until; row += HOUR) {
    if (shareAnomalous(anomalous, labels, row, row + length) < CALM) return (row - from) / HOUR;
  }
  return null;
}

function eventsIn(labels: Uint8Array, from: number, until: number): Span[] {
  const events: Span[] = [];
  for (let row = from; row < until; row++) {
    if (labels[row] !== 1) continue;
    const last = events.at(-1);
    if (last?.until === row) last.until = row + 1;
    else events.push({ from: row, until: row + 1 });
  }
  return events;
}
