import { summariseScores } from '../drift/hours.js';
import { encodeSummary } from '../drift/summary.js';
import type { FeatureBlock, Minute } from '../features/row.js';

/** The version's own scores of the hours before it serves: its first baseline. */
export function rescoredHours(score: Float64Array, threshold: number, block: FeatureBlock, from: Minute) {
  const minutes = Array.from(block.minutes, (minute, row) => ({
    minute,
    score: score[row]!,
    anomalous: score[row]! > threshold,
    rules: [],
  })).filter((row) => row.minute >= from);
  return [...summariseScores(minutes, null)].map(([hour, summary]) => ({
    hour,
    source: 'rescored' as const,
    minutes: summary.minutes,
    bytes: encodeSummary(summary),
  }));
}
