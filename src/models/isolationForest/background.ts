import { seededRandom } from '../../random/sfc32.js';

/** Share of background rows beside the ordinary ones: the forest's assumed contamination. */
const SHARE = 0.1;
/** A background row lies up to this many times as far out as the ordinary row it came from. */
const FARTHEST = 4;

/**
 * Ordinary rows followed by a tenth as many that are stretched away from the ordinary centre, which prepared values
 * have at 0. Trees cut only where they have seen rows, so a forest grown on ordinary minutes alone holds a storm for
 * no stranger than the busiest minute it knows; the background makes it cut in the empty space beyond too, along the
 * directions in which minutes vary (artificial outliers: Steinwart, Hush, Scovel 2005). Drawn from the window alone.
 * @param rows [count x width]
 * @returns [count + background, width] and how many rows that are
 */
export function withBackground(
  rows: Float32Array,
  count: number,
  width: number,
  seed: number,
): { rows: Float32Array; count: number } {
  const random = seededRandom(seed);
  const background = Math.floor(count * SHARE);
  const all = new Float32Array((count + background) * width);
  all.set(rows.subarray(0, count * width));
  for (let i = count; i < count + background; i++) {
    const from = Math.floor(random() * count) * width;
    const stretch = 1 + (FARTHEST - 1) * random();
    for (let k = 0; k < width; k++) all[i * width + k] = stretch * rows[from + k]!;
  }
  return { rows: all, count: count + background };
}
