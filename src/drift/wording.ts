import type { Criterion } from './criterion.js';

const figure = (value: number): string => Number(value.toPrecision(4)).toString();
const percent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;
/** A change in words that a person can picture: from nothing, or to many times as much, a percentage says nothing. */
function changeOf({ baseline, current, change }: Criterion): string {
  if (baseline === 0) return 'from nothing';
  const times = current / baseline;
  return times >= 10 ? `${figure(Math.round(times))} times as much` : percent(change);
}
/** Odds to one, from their natural logarithm: how many times likelier the numbers are with a change than without. */
const odds = (log: number): string => Number(Math.exp(log).toPrecision(2)).toLocaleString('en');
/** What the evidence says, in words where a number would say nothing. */
function evidenceOf({ evidence, needed }: Criterion): string {
  if (evidence <= 0) return 'no evidence of a change';
  return evidence >= needed
    ? 'beyond chance'
    : `odds of a change ${odds(evidence)} to 1, of ${odds(needed)} to 1 needed`;
}

/** One criterion for a person. */
export function words(criterion: Criterion, unit: 'ratio' | 'index', judged: boolean): string {
  const change =
    unit === 'ratio'
      ? `${changeOf(criterion)} (limit ${percent(criterion.limit).replace('+', '')})`
      : `stability index ${figure(criterion.change)} (limit ${figure(criterion.limit)})`;
  const rest = judged ? '' : ', too few anomalous minutes to judge';
  return `${criterion.name} ${figure(criterion.baseline)} -> ${figure(criterion.current)}, ${change}, ${evidenceOf(criterion)}${rest}`;
}

/** Why a model was judged so. */
export function reasonOf(outcome: string, drifted: Criterion[], growing: Criterion[], all: Criterion[]): string {
  const list = (criteria: Criterion[]): string =>
    criteria
      .slice()
      .sort((a, b) => b.evidence - a.evidence)
      .slice(0, 3)
      .map((criterion) => criterion.words)
      .join('; ');
  if (outcome === 'drifted') return `a lasting change: ${list(drifted)}`;
  if (outcome === 'watch') return `evidence grows, not yet enough: ${list(growing)}`;
  const noisy = all.filter((criterion) => criterion.exceeded);
  if (noisy.length > 0) return `thresholds exceeded, but no more than ordinary wander explains: ${list(noisy)}`;
  return `within all limits: ${list(all)}`;
}
