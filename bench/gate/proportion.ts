/** How many of some trials came out as they should, with the exact interval of 95 % (Clopper and Pearson 1934). */
export interface Proportion {
  hits: number;
  of: number;
  from: number;
  to: number;
}

/** Probability left out on each side. */
const TAIL = 0.025;
const HALVINGS = 50;

export function proportion(hits: number, of: number): Proportion {
  return {
    hits,
    of,
    from: hits === 0 ? 0 : where((p) => 1 - atMost(hits - 1, of, p) >= TAIL),
    to: hits === of ? 1 : where((p) => atMost(hits, of, p) <= TAIL),
  };
}

/** The least probability from which on a condition holds. */
function where(holds: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** P(X <= count) of a binomial variable, by logarithms: the first term of many trials is too small for a number. */
function atMost(count: number, of: number, p: number): number {
  let term = of * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let k = 1; k <= count; k++) {
    term += Math.log((of - k + 1) / k) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(term);
  }
  return Math.min(1, sum);
}
