/**
 * By what factor all counts have grown alike, estimated from those that say it best: generalised least squares (Aitken 1936) on log
 * counts. A mean weighs a count that wanders by half from hour to hour like one that hardly moves, and counts that move together as if
 * each were news. Weights below zero are left out: a count that grows never speaks against growth.
 */

/** What training days do not show of a count's own spread, in parts of its variance: few minutes say little of how counts go together. */
const OWN = 0.3;
/** The least variance that a mean's own adds, in one-minute spreads. */
const LEAST = 0.01;

/**
 * @param covariance [counts][counts up to the same one] of mean deviations in ordinary minutes, in one-minute spreads
 * @param sensitivity by how many spreads each count deviates when all are e times the ordinary; 0 for one that says nothing
 * @returns a weight for each count, so that all of them e times the ordinary give 1
 */
export function growthWeights(covariance: readonly (readonly number[])[], sensitivity: readonly number[]): number[] {
  let used = sensitivity.flatMap((s, i) => (s > 0 ? [i] : []));
  while (used.length > 0) {
    const part = used.map((i, at) =>
      used.slice(0, at + 1).map((j) => (i === j ? covariance[i]![i]! * (1 + OWN) + LEAST : covariance[i]![j]!)),
    );
    const moves = used.map((i) => sensitivity[i]!);
    const solved = solve(part, moves);
    const least = Math.min(...solved);
    if (least >= 0) {
      const total = solved.reduce((sum, weight, i) => sum + weight * moves[i]!, 0);
      const weights = sensitivity.map(() => 0);
      used.forEach((count, i) => {
        weights[count] = solved[i]! / total;
      });
      return weights;
    }
    used = used.filter((_, i) => i !== solved.indexOf(least));
  }
  // No count was ever there: any is news.
  return sensitivity.map(() => 1 / sensitivity.length);
}

/** Solves a symmetric positive definite system, of which the lower half is given, by Cholesky's factors. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const lower = matrix.map(() => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      lower[i]![j] = i === j ? Math.sqrt(sum) : sum / lower[j]![j]!;
    }
  }
  const x = [...right];
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}
