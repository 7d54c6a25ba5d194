import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import type { ModelKindName } from '../../src/models/model.js';
import { checkAt, fit, type Hours, hourOf, hoursOf, type Models, percentagesAlone } from './monitor.js';
import { START, slice } from './ordinary.js';
import { RAMP, SHIFTS, scale } from './shifts.js';

const TRAINING_DAYS = 7;
/** Days before the first check: the training window, and a day that the version has served. */
export const BEFORE = TRAINING_DAYS + 1;
const COOL_DOWN_HOURS = 24;

/** What came of one kind of model over one series. */
export interface Outcome {
  kind: ModelKindName;
  falseRetrains: number;
  percentagesAlone: number;
  /** Hours until each lasting shift was found; null when it was not within a day. */
  caught: Record<string, number | null>;
  incidentRetrain: boolean;
}

/** @param block at least BEFORE + `days` days; models are trained on its first week and serve from then on */
export async function runSeries(
  kinds: readonly ModelKindName[],
  block: FeatureBlock,
  seed: number,
  days: number,
  random: () => number,
): Promise<Outcome[]> {
  const models: Models = new Map();
  const week = slice(block, 0, TRAINING_DAYS * MINUTES_PER_DAY);
  for (const kind of kinds) models.set(kind, await fit(kind, week, seed));
  const hours = await hoursOf(models, block);
  const outcomes = walkOrdinary(kinds, hours, days);
  for (const [name, apply] of Object.entries(SHIFTS)) {
    const from = BEFORE * MINUTES_PER_DAY;
    // A ramp is a lasting shift when it has reached its height.
    const until = BEFORE + (name === RAMP ? 3 : 1);
    const shifted = slice(block, 0, until * MINUTES_PER_DAY);
    apply(shifted, from, random);
    const changed = await hoursOf(models, shifted, hours, from);
    for (const outcome of outcomes) outcome.caught[name] = null;
    for (let hour = hourOf(BEFORE) + 1; hour <= hourOf(until); hour++) {
      const missing = outcomes.filter(({ caught }) => caught[name] === null);
      if (missing.length === 0) break;
      const check = checkAt(changed, START + 60 * hour);
      for (const { kind, caught } of missing) {
        if (check(kind).outcome === 'drifted') caught[name] = hour - hourOf(BEFORE);
      }
    }
  }
  await strike(models, block, hours, outcomes, random);
  return outcomes;
}

function walkOrdinary(kinds: readonly ModelKindName[], hours: Hours, days: number): Outcome[] {
  const walks = kinds.map((kind) => ({ kind, ours: 0, alone: 0, oursFrom: 0, aloneFrom: 0 }));
  for (let hour = hourOf(BEFORE); hour <= hourOf(BEFORE + days); hour++) {
    const check = checkAt(hours, START + 60 * hour);
    for (const walk of walks) {
      if (hour < walk.oursFrom && hour < walk.aloneFrom) continue;
      const judgement = check(walk.kind);
      if (hour >= walk.oursFrom && judgement.outcome === 'drifted') {
        walk.ours++;
        walk.oursFrom = hour + COOL_DOWN_HOURS;
      }
      if (hour >= walk.aloneFrom && percentagesAlone(judgement)) {
        walk.alone++;
        walk.aloneFrom = hour + COOL_DOWN_HOURS;
      }
    }
  }
  return walks.map(({ kind, ours, alone }) => ({
    kind,
    falseRetrains: ours,
    percentagesAlone: alone,
    caught: {},
    incidentRetrain: false,
  }));
}

/** One to two hours of ten times the traffic, not even left out as incidents: the guard alone must bear them. */
async function strike(
  models: Models,
  block: FeatureBlock,
  unchanged: Hours,
  outcomes: Outcome[],
  random: () => number,
): Promise<void> {
  const from = BEFORE * MINUTES_PER_DAY;
  const struck = slice(block, 0, from + 2 * MINUTES_PER_DAY);
  const length = 60 + Math.floor(random() * 60);
  const at = from + Math.floor(random() * MINUTES_PER_DAY);
  for (let row = at; row < at + length; row++) scale(struck, row, 10);
  const hit = await hoursOf(models, struck, unchanged, from);
  for (let hour = Math.ceil(at / 60); hour <= hourOf(BEFORE + 2); hour++) {
    const waiting = outcomes.filter(({ incidentRetrain }) => !incidentRetrain);
    const check = checkAt(hit, START + 60 * hour);
    const ordinary = checkAt(unchanged, START + 60 * hour);
    for (const outcome of waiting) {
      if (check(outcome.kind).outcome !== 'drifted') continue;
      // Without the incident it would have retrained as well: counted as a false retrain, not here.
      outcome.incidentRetrain = ordinary(outcome.kind).outcome !== 'drifted';
    }
  }
}
