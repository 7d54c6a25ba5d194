/**
 * tanh and the logistic function, four lanes at a time.
 *
 * tanh is the rational minimax approximation of degree 13/6 that Eigen uses (Eigen/src/Core/MathFunctionsImpl.h,
 * `generic_fast_tanh_float`): within a few units in the last place of float32 on the whole line.
 * The logistic function follows by s(x) = (1 + tanh(x / 2)) / 2.
 */

/**
 * The constants lie in memory, from where one instruction spreads each over the lanes; as literals they would be built
 * anew in every round of a loop. First the bound beyond which tanh is 1 in float32, then the numerator from the
 * highest power down, then the denominator.
 */
const CONSTANTS = memory.data<f32>([
  7.90531110763549805,
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
  1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3,
  1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3,
]);

// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}

// @ts-ignore: decorator
@inline
export function tanh4(value: v128): v128 {
  const limit = constant(0);
  // pmin and pmax are one instruction each, and let a value that is not a number through.
  const x = f32x4.pmax(f32x4.pmin(value, limit), f32x4.neg(limit));
  const s = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(s, constant(1)), constant(2));
  p = f32x4.add(f32x4.mul(s, p), constant(3));
  p = f32x4.add(f32x4.mul(s, p), constant(4));
  p = f32x4.add(f32x4.mul(s, p), constant(5));
  p = f32x4.add(f32x4.mul(s, p), constant(6));
  p = f32x4.add(f32x4.mul(s, p), constant(7));
  let q = f32x4.add(f32x4.mul(s, constant(8)), constant(9));
  q = f32x4.add(f32x4.mul(s, q), constant(10));
  q = f32x4.add(f32x4.mul(s, q), constant(11));
  return f32x4.div(f32x4.mul(x, p), q);
}

// @ts-ignore: decorator
@inline
export function logistic4(value: v128): v128 {
  const half = f32x4.splat(0.5);
  return f32x4.add(f32x4.mul(tanh4(f32x4.mul(value, half)), half), half);
}
