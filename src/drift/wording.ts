import type { Criterion } from './criterion.js';

const figure = (value: number): string => Number(value.toPrecision(4)).toString();
const percent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;
/** Evidence as decimal digits: 3 means that the change is a thousand times likelier than none. */
const digits = (log: number): string => (log / Math.LN10).toFixed(1);

/** One criterion for a person. */
export function words(criterion: Criterion, unit: 'ratio' | 'index', judged: boolean): string {
  const change =
    unit === 'ratio'
      ? `${percent(criterion.change)} (limit ${percent(criterion.limit).replace('+', '')})`
      : `stability index ${figure(criterion.change)} (limit ${figure(criterion.limit)})`;
  const rest = judged ? '' : ', too few anomalous minutes to judge';
  return `${criterion.name} ${figure(criterion.baseline)} -> ${figure(criterion.current)}, ${change}, evidence ${digits(criterion.evidence)} of ${digits(criterion.needed)} digits${rest}`;
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
