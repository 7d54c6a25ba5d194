import type { Minute } from '../features/row.js';
import { withAccepted } from './acceptedLevel.js';
import { adaptedTo } from './adaptation.js';
import type { CorrelatorContext } from './correlatorState.js';
import { inPlaceOf, isOver, lastSeen } from './course.js';
import type { Incident, IncidentClass, IncidentDetail } from './incident.js';
import { explains } from './lanes.js';
import type { MinuteInput } from './minuteInput.js';
import { closedAsNormal } from './normalReasons.js';
import type { IncidentSettings } from './settings.js';
import { severityRank } from './severity.js';
import { GENERAL, isNeighbourhood } from './subject.js';

/** What these do to routes lasts until it is undone, with no message in between. */
const STANDING: ReadonlySet<IncidentClass> = new Set(['hijack', 'moas', 'leak', 'outage']);
/** New neighbours of one network that come no farther apart than so many minutes are one incident. */
const NEIGHBOURS_APART = 180;
/** Minutes after the return of its routes in which an incident that is over is kept open. */
const RETURNING = 5;

/** The incident as it closes before this minute is looked at; undefined while it goes on. */
export function closedAt(open: Incident, input: MinuteInput, context: CorrelatorContext): Incident | undefined {
  const adapted = open.subject === GENERAL ? adaptedTo(open, input.minute, context.adaptations ?? []) : null;
  if (adapted !== null) return closedAsNormal(open, adapted);
  const closedBy = closing(open, input, context.settings);
  if (closedBy === undefined) return undefined;
  const closed = { ...open, endedAt: lastSeen(open) + 1, detail: { ...open.detail, closedBy } };
  return closedBy === 'length' && open.subject === GENERAL ? withAccepted(closed, input) : closed;
}

/** Whether an incident is over before this minute is looked at, and why. */
function closing(open: Incident, input: MinuteInput, settings: IncidentSettings): IncidentDetail['closedBy'] {
  if (input.minute - open.startedAt >= settings.maximumHours * 60) return 'length';
  if (isOver(open)) {
    // detection smooths: what models flag of the routes' return comes minutes later, and belongs to it
    const since = input.minute - (open.detail.endedMinute ?? 0);
    if (since <= RETURNING) return undefined;
    const returning = open.subject === GENERAL ? since <= settings.quietMinutes : explains(open, input);
    return input.anomalous && returning ? undefined : 'ended';
  }
  const blind = input.minute - open.lastMinute - 1 - open.detail.quiet;
  if (blind > settings.gapMinutes) return 'gap';
  return open.detail.quiet > quietAllowed(open, input.minute, settings) ? 'quiet' : undefined;
}

/**
 * The return of routes is as loud as their loss: while no model has flagged a minute, it may still be to come. What is
 * worth a call and known to be in place is not closed for want of news, but not kept for ever: a network may keep what it
 * was given by consent.
 */
function quietAllowed(open: Incident, minute: Minute, settings: IncidentSettings): number {
  const { class: name, subject, severity, detail } = open;
  const { quietMinutes, standingMinutes, inPlaceMinutes } = settings;
  if (isNeighbourhood(subject)) return Math.max(quietMinutes, NEIGHBOURS_APART);
  if (!STANDING.has(name)) return quietMinutes;
  const isMajor = severityRank(severity) >= severityRank('major');
  if (isMajor && inPlaceOf(open, minute) !== undefined) return Math.max(quietMinutes, inPlaceMinutes);
  return detail.evidence.anomalousMinutes === 0 ? Math.max(quietMinutes, standingMinutes) : quietMinutes;
}
