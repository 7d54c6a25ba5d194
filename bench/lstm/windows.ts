import { writeFileSync } from 'node:fs';
import type { Architecture } from '../../src/models/lstm/architecture.js';
import { STEPS } from '../../src/models/lstm/windows.js';
import { seededRandom } from '../../src/random/sfc32.js';
import { shuffle } from '../../src/random/shuffle.js';

/** The shape that the goals were set for. */
export const FEATURES = 24;
export const SHAPE: Architecture = { steps: STEPS, features: FEATURES, hidden: 32 };

/** [count x FEATURES] waves with noise, for timing only. */
export function syntheticRows(count: number): Float32Array {
  const random = seededRandom(2);
  return Float32Array.from(
    { length: count * FEATURES },
    (_, i) => Math.sin(i / FEATURES / (3 + (i % FEATURES))) + random() - 0.5,
  );
}

/** Writes windows 0 .. count-1 out in full, as the yardstick reads them: float32 [count x STEPS x FEATURES]. */
export function writeWindows(file: string, rows: Float32Array, count: number): void {
  const size = STEPS * FEATURES;
  const windows = new Float32Array(count * size);
  for (let w = 0; w < count; w++) windows.set(rows.subarray(w * FEATURES, w * FEATURES + size), w * size);
  writeFileSync(file, Buffer.from(windows.buffer));
}

export function shuffled(count: number, seed: number): Int32Array {
  return shuffle(
    Int32Array.from({ length: count }, (_, i) => i),
    seededRandom(seed),
  );
}
