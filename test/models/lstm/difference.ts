/** Greatest difference over the greatest size. */
export function relativeDifference(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let size = 0;
  a.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(value - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  });
  return difference / size;
}
