import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { isAccepted, withAccepted } from './acceptedLevel.js';
import { closedAt } from './closing.js';
import type { CorrelatorContext, CorrelatorState } from './correlatorState.js';
import type { Incident, IncidentChange } from './incident.js';
import { continuedIncident, isActive, openedIncident } from './incidentGrowth.js';
import { withoutSubject } from './lanes.js';
import type { MinuteInput } from './minuteInput.js';
import { hasRoomForDoubt, type Lane, lanesOf } from './minuteLanes.js';
import { withRelations } from './relations/withRelations.js';
import type { IncidentSettings } from './settings.js';
import { SILENT, type Signal, signalOf, speaks } from './signal.js';
import { GENERAL } from './subject.js';

export type { CorrelatorContext, CorrelatorState } from './correlatorState.js';

export interface Correlated {
  state: CorrelatorState;
  /** What operators should hear, in order. Does not depend on how the minutes were cut into batches. */
  changes: IncidentChange[];
  /** Every incident these minutes touched, as it is now: what is to be stored. */
  incidents: Incident[];
}

/** Minutes of context that `correlate` needs before the next one. */
export function recentMinutes(settings: IncidentSettings): number {
  return Math.max(settings.lookBackMinutes + settings.baselineMinutes, settings.evidence.warmUpMinutes);
}

export function freshState(stream: string): CorrelatorState {
  return { stream, open: [], recent: [], ends: {}, evidenceStarts: [], doubtfulStarts: [], accepted: null };
}

/**
 * Walks minutes in order, each once. Pure: the same state and minutes give the same result, and minutes cut into any
 * batches give the same incidents and the same changes.
 *
 * @throws RangeError when a minute is not after the one before it
 */
export function correlate(
  before: CorrelatorState,
  minutes: readonly MinuteInput[],
  context: CorrelatorContext,
): Correlated {
  const recent = before.recent.map((input) => withRelations(input, context.relations));
  const state = { ...before, recent, evidenceStarts: [...before.evidenceStarts] };
  const changes: IncidentChange[] = [];
  const touched = new Map<string, Incident>();
  const tell = (type: IncidentChange['type'], minute: Minute, incident: Incident) =>
    changes.push({ type, minute, incident });
  let last = state.recent.at(-1)?.minute ?? Number.NEGATIVE_INFINITY;

  for (const given of minutes) {
    if (given.minute <= last) {
      throw new RangeError(`minutes must rise: ${given.minute} after ${last} in stream ${state.stream}`);
    }
    last = given.minute;
    const input = withRelations(given, context.relations);
    for (const lane of lanesOf(input, state, context)) step(lane, state, context, touched, tell);
    state.recent.push(input);
    const oldest = input.minute - recentMinutes(context.settings);
    const stale = state.recent.findIndex(({ minute }) => minute > oldest);
    if (stale > 0) state.recent.splice(0, stale);
    state.ends = Object.fromEntries(Object.entries(state.ends).filter(([, end]) => end > oldest));
  }
  return { state, changes, incidents: [...touched.values()] };
}

/** Walks one lane one minute: closes, opens or continues its incident. */
function step(
  lane: Lane,
  state: CorrelatorState,
  context: CorrelatorContext,
  touched: Map<string, Incident>,
  tell: (type: IncidentChange['type'], minute: Minute, incident: Incident) => void,
): void {
  const { input, subject } = lane;
  const keep = (incident: Incident) => touched.set(`${incident.startedAt} ${incident.subject}`, incident);
  const told = input.gap
    ? SILENT
    : signalOf(input, lane.recent, context.settings, context.watchList, context.validityOf);
  // a doubtful claim is its network's alone
  const signal = subject === GENERAL ? { ...told, doubtful: false } : told;
  let open = state.open.find((incident) => incident.subject === subject);
  const others = state.open.filter((incident) => incident.subject !== subject);
  const closed = open === undefined ? undefined : closedAt(open, input, context);
  if (closed !== undefined) {
    keep(closed);
    tell('closed', input.minute, closed);
    open = undefined;
    state.open = others;
    state.ends = { ...state.ends, [subject]: closed.endedAt ?? input.minute };
    if (subject === GENERAL) state.accepted = closed.detail.accepted === undefined ? null : closed;
  }
  if (open !== undefined) {
    const { incident, grown } = continuedIncident(open, input, signal, context);
    state.open = state.open.map((other) => (other.subject === subject ? incident : other));
    keep(incident);
    if (grown) tell('grown', input.minute, incident);
  } else if (subject === GENERAL && !speaks(signal) && isAccepted(state.accepted, input, lane.recent)) {
    state.accepted = withAccepted(state.accepted!, input);
    keep(state.accepted);
  } else if ((subject === GENERAL || speaks(signal)) && opens(input, signal, state, context.settings)) {
    const opened = openedIncident(lane, signal, state, context);
    state.open = [...state.open.map((other) => withoutSubject(other, subject)), opened].sort(byStart);
    const today = (starts: readonly Minute[]) =>
      [...starts, opened.startedAt].filter((start) => start > input.minute - MINUTES_PER_DAY);
    if (opened.detail.doubtful) state.doubtfulStarts = today(state.doubtfulStarts);
    else if (opened.detail.openedBy === 'evidence') state.evidenceStarts = today(state.evidenceStarts);
    keep(opened);
    tell('opened', input.minute, opened);
  }
}

const byStart = (a: Incident, b: Incident) => a.startedAt - b.startedAt || (a.subject < b.subject ? -1 : 1);

function opens(input: MinuteInput, signal: Signal, state: CorrelatorState, settings: IncidentSettings): boolean {
  if (!isActive(input, signal)) return false;
  if (input.anomalous || signal.watched.length > 0 || signal.strong) return true;
  if (signal.doubtful && hasRoomForDoubt(state, input.minute)) return true;
  if (!signal.reset) return false;
  const today = state.evidenceStarts.filter((start) => start > input.minute - MINUTES_PER_DAY);
  // a session that bounces all day is one thing to know, not a hundred
  return today.length < settings.evidence.perDay * 2;
}
