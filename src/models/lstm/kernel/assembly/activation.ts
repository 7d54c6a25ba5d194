/**
 * tanh and the logistic function, four lanes at a time.
 *
 * tanh is the rational minimax approximation of degree 13/6 that Eigen uses (Eigen/src/Core/MathFunctionsImpl.h,
 * `generic_fast_tanh_float`): within a few units in the last place of float32 on the whole line.
 * The logistic function follows by s(x) = (1 + tanh(x / 2)) / 2.
 */

/** Beyond this, tanh is 1 in float32. */
const LIMIT: f32 = 7.90531110763549805;

// @ts-ignore: decorator
@inline
export function tanh4(value: v128): v128 {
  const x = f32x4.min(f32x4.max(value, f32x4.splat(-LIMIT)), f32x4.splat(LIMIT));
  const s = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(s, f32x4.splat(-2.76076847742355e-16)), f32x4.splat(2.00018790482477e-13));
  p = f32x4.add(f32x4.mul(s, p), f32x4.splat(-8.60467152213735e-11));
  p = f32x4.add(f32x4.mul(s, p), f32x4.splat(5.12229709037114e-8));
  p = f32x4.add(f32x4.mul(s, p), f32x4.splat(1.48572235717979e-5));
  p = f32x4.add(f32x4.mul(s, p), f32x4.splat(6.37261928875436e-4));
  p = f32x4.add(f32x4.mul(s, p), f32x4.splat(4.89352455891786e-3));
  let q = f32x4.add(f32x4.mul(s, f32x4.splat(1.19825839466702e-6)), f32x4.splat(1.18534705686654e-4));
  q = f32x4.add(f32x4.mul(s, q), f32x4.splat(2.268434632439e-3));
  q = f32x4.add(f32x4.mul(s, q), f32x4.splat(4.89352518554385e-3));
  return f32x4.div(f32x4.mul(x, p), q);
}

// @ts-ignore: decorator
@inline
export function logistic4(value: v128): v128 {
  const half = f32x4.splat(0.5);
  return f32x4.add(f32x4.mul(tanh4(f32x4.mul(value, half)), half), half);
}
