import type { Incident } from './incident.js';
import { levelOf, median } from './levelTrace.js';
import type { MinuteInput } from './minuteInput.js';
import { ROW } from './rowColumns.js';

/** A calm of so long is the end of it. */
const CALM_MINUTES = 60;
/** Beyond this factor of the level, up or down, something else happens. */
const DEPARTS = 2;
/** Minutes whose median is compared, so that one burst does not count as a level. */
const COMPARED = 5;

/** Whether a flagged minute only shows what an incident was closed as: the new normal. */
export function isAccepted(closed: Incident | null, input: MinuteInput, recent: readonly MinuteInput[]): boolean {
  const level = closed?.detail.accepted;
  if (level === undefined || !input.anomalous || input.gap) return false;
  if (input.minute - level.lastMinute > CALM_MINUTES) return false;
  const near = [...recent.filter(({ minute }) => minute > input.minute - COMPARED), input].filter(({ gap }) => !gap);
  const now = Math.max(1, median(near.map(updatesOf)));
  const usual = Math.max(1, level.updates);
  return now <= DEPARTS * usual && now * DEPARTS >= usual;
}

/** The closed incident, with the minute as the last that still shows its level. */
export function withAccepted(closed: Incident, { minute }: MinuteInput): Incident {
  const { detail } = closed;
  const updates = detail.accepted?.updates ?? (detail.level === undefined ? 0 : levelOf(detail.level));
  return { ...closed, detail: { ...detail, accepted: { updates, lastMinute: minute } } };
}

const updatesOf = ({ values }: MinuteInput): number => (values[ROW.announced] ?? 0) + (values[ROW.withdrawn] ?? 0);
