import type { FeatureBlock, Minute } from '../features/row.js';
import type { IncidentSpan } from '../storage/streamHistory.js';

/** A window split for training and validation. Both are the same rows in order; `usable` says which count. */
export interface TrainingWindow {
  /** Rows to train on. */
  training: FeatureBlock;
  trainingRows: number;
  /** All rows, so that held-back ones have their context. */
  all: FeatureBlock;
  /** Indices in `all` of the held-back usable rows. */
  heldBack: number[];
  /** `champion`: minutes that the version that serves finds anomalous. */
  leftOut: { gaps: number; incidents: number; overCap: number; champion?: number };
  /** [rows of `all`] 1 where the champion finds an anomaly or is near one: no version is judged there. Of a cleaned window. */
  unjudged?: Uint8Array;
}

/** A champion that finds more of a window anomalous does not fit it, and says nothing of what is ordinary in it. */
const MOST_CLEANED = 0.2;
/** Two versions see an anomaly begin and end some minutes apart: what the models remember of volume fades in 15. */
const EDGE_MINUTES = { before: 5, after: 15 };
/** Fewer are its false alarms: without them every version would be a little deafer to them than the one before. */
const LEAST_CLEANED = 0.005;

/**
 * The window without the training rows that the champion finds anomalous. Anomalies that nobody marked as an incident lift
 * a challenger's threshold over all of their like; a model of the days before is not lifted by them. A challenger that
 * finds the same anomalies in the held-back minutes is right, so they do not count against it.
 * @param flagged [rows of `all`] 1 where the champion finds the minute anomalous
 */
export function cleanedWindow<W extends TrainingWindow>(window: W, flagged: Uint8Array): W {
  const { training } = window;
  const first = window.all.minutes.length - training.minutes.length;
  const found = training.usable.reduce((sum, usable, row) => sum + (usable === 1 ? flagged[first + row]! : 0), 0);
  if (found < LEAST_CLEANED * window.trainingRows || found > MOST_CLEANED * window.trainingRows) return window;
  return {
    ...window,
    training: { ...training, usable: training.usable.map((usable, row) => (flagged[first + row] === 1 ? 0 : usable)) },
    trainingRows: window.trainingRows - found,
    leftOut: { ...window.leftOut, champion: found },
    unjudged: widened(flagged),
  };
}

function widened(flagged: Uint8Array): Uint8Array {
  const wide = new Uint8Array(flagged.length);
  for (let row = 0; row < flagged.length; row++)
    if (flagged[row] === 1) wide.fill(1, Math.max(0, row - EDGE_MINUTES.before), row + EDGE_MINUTES.after + 1);
  return wide;
}

/** Long beside the context of the models, which each break costs. */
const HELD_BACK_BLOCK = 360;
/** Incident minutes over this share of the window stay in: they are the new ordinary. */
const PATIENCE = 0.5;

/**
 * Incidents and gaps are left out. Of the newest `heldBackMinutes` that are left, every other six hours are held back, the
 * newest first: the training has seen the newest regime, and is validated on minutes that it was not trained on. They are
 * counted, not taken by the clock: an incident or a gap as long as a block would leave nothing to validate on. Over the
 * cap, the oldest rows go.
 *
 * @param block the window's rows, in order
 * @param since no more than half of the minutes from here on are held back, by blocks: a quarter
 */
export function splitWindow(
  block: FeatureBlock,
  incidents: readonly IncidentSpan[],
  heldBackMinutes: number,
  maximumRows: number,
  since: Minute = block.minutes[0] ?? 0,
): TrainingWindow {
  const rows = block.minutes.length;
  const inIncident = new Uint8Array(rows);
  let incidentRows = 0;
  let usableRows = 0;
  let span = 0;
  const ordered = [...incidents].sort((a, b) => a.from - b.from);
  let coveredUntil = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows; row++) {
    const minute = block.minutes[row]!;
    while (span < ordered.length && ordered[span]!.from <= minute) {
      coveredUntil = Math.max(coveredUntil, ordered[span++]!.until);
    }
    if (block.usable[row] === 0) continue;
    usableRows++;
    if (minute < coveredUntil) {
      inIncident[row] = 1;
      incidentRows++;
    }
  }
  const skipIncidents = incidentRows <= PATIENCE * usableRows;
  const counts = (row: number): boolean => block.usable[row] === 1 && !(skipIncidents && inIncident[row] === 1);
  const counted = [...block.minutes.keys()].filter(counts);
  const newest = Math.min(heldBackMinutes, counted.filter((row) => block.minutes[row]! >= since).length / 2);
  const blockMinutes = Math.min(HELD_BACK_BLOCK, Math.max(1, Math.floor(newest / 2)));
  const usable = new Uint8Array(rows);
  const heldBack: number[] = [];
  for (const [nth, row] of counted.entries()) {
    const age = counted.length - 1 - nth;
    if (age < newest && Math.floor(age / blockMinutes) % 2 === 0) heldBack.push(row);
    else usable[row] = 1;
  }
  let trainingRows = 0;
  let start = rows;
  while (start > 0 && trainingRows < maximumRows) {
    start--;
    trainingRows += usable[start]!;
  }
  let overCap = 0;
  for (let row = 0; row < start; row++) overCap += usable[row]!;
  return {
    training: {
      minutes: block.minutes.slice(start),
      values: block.values.slice(start * block.columns),
      columns: block.columns,
      usable: usable.slice(start),
    },
    trainingRows,
    all: block,
    heldBack,
    leftOut: { gaps: rows - usableRows, incidents: skipIncidents ? incidentRows : 0, overCap },
  };
}
