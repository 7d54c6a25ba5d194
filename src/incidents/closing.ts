import { withAccepted } from './acceptedLevel.js';
import { adaptedTo } from './adaptation.js';
import type { CorrelatorContext } from './correlatorState.js';
import type { Incident, IncidentClass, IncidentDetail } from './incident.js';
import { explains, GENERAL, isOver } from './lanes.js';
import type { MinuteInput } from './minuteInput.js';
import { closedAsNormal } from './normalReasons.js';
import type { IncidentSettings } from './settings.js';
import { isNeighbourhood } from './subject.js';

/** What these do to routes stands until it is undone, with no message in between. */
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
  const closed = { ...open, endedAt: open.lastMinute + 1, detail: { ...open.detail, closedBy } };
  return closedBy === 'length' && open.subject === GENERAL ? withAccepted(closed, input) : closed;
}

/** Whether an incident is over before this minute is looked at, and why. */
function closing(open: Incident, input: MinuteInput, settings: IncidentSettings): IncidentDetail['closedBy'] {
  if (input.minute - open.startedAt >= settings.maximumHours * 60) return 'length';
  if (open.subject !== GENERAL && isOver(open)) {
    // detection smooths: what models flag of the routes' return comes minutes later, and belongs to it
    const returning = input.minute - (open.detail.endedMinute ?? 0) <= RETURNING;
    return returning || (input.anomalous && explains(open, input)) ? undefined : 'ended';
  }
  const blind = input.minute - open.lastMinute - 1 - open.detail.quiet;
  if (blind > settings.gapMinutes) return 'gap';
  return open.detail.quiet > quietAllowed(open, settings) ? 'quiet' : undefined;
}

/** The return of routes is as loud as their loss: while no model has flagged a minute, it may still be to come. */
function quietAllowed(
  { class: name, subject, detail }: Incident,
  { quietMinutes, standingMinutes }: IncidentSettings,
): number {
  if (isNeighbourhood(subject)) return Math.max(quietMinutes, NEIGHBOURS_APART);
  const stands = STANDING.has(name) && detail.evidence.anomalousMinutes === 0;
  return stands ? Math.max(quietMinutes, standingMinutes) : quietMinutes;
}
