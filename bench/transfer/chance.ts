/** A rate is held when it is within this factor of the one asked for. */
const FACTOR = 2;

/**
 * The greatest probability with which a stream that holds the factor of two raises alarms at least so far outside of it: 1 inside,
 * near 0 where chance does not explain the count. Alarms are taken for a Poisson process, which declustered peaks over a high
 * threshold come near to (Leadbetter 1991).
 * @param alarms counted
 * @param expected alarms that were asked for in the same minutes
 */
export function chanceOf(alarms: number, expected: number): number {
  if (alarms > FACTOR * expected) return 1 - atMost(alarms - 1, FACTOR * expected);
  if (alarms < expected / FACTOR) return atMost(alarms, expected / FACTOR);
  return 1;
}

/** P(X <= count) of a Poisson variable. */
function atMost(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let k = 1; k <= count; k++) {
    term *= mean / k;
    sum += term;
  }
  return Math.min(1, sum);
}
