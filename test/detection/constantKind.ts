import type { AnyModelKind } from '../../src/models/kinds.js';

/** A model that scores each minute with 0: what is examined is which version does so. */
export const constantKind = {
  name: 'heuristic',
  context: 0,
  threshold: () => 1,
  score: async (_model: unknown, block: { minutes: Int32Array }, first: number) => ({
    score: new Float64Array(block.minutes.length - first),
    surprise: new Float64Array(block.minutes.length - first),
  }),
  explain: async () => [],
} as unknown as AnyModelKind;
