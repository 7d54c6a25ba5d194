/** Sum of the shards' gradients, clipping by global norm (Pascanu, Mikolov, Bengio 2013), Adam (Kingma, Ba 2015). */
import * as plan from './plan';

/** Adds the gradients of shards 1 .. shards-1 to shard 0's, in this order, and gives the sum's Euclidean norm. */
export function reduce(table: usize, shards: i32): f64 {
  const count = <usize>plan.parameters(table) << 2;
  const total = plan.gradients(table);
  let norm = f64x2.splat(0);
  for (let at: usize = 0; at < count; at += 16) {
    let sum = v128.load(total + at);
    let other = total + count + at;
    for (let shard = 1; shard < shards; shard++) {
      sum = f32x4.add(sum, v128.load(other));
      other += count;
    }
    v128.store(total + at, sum);
    const low = f64x2.promote_low_f32x4(sum);
    const high = f64x2.promote_low_f32x4(i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    norm = f64x2.add(norm, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  return sqrt(f64x2.extract_lane(norm, 0) + f64x2.extract_lane(norm, 1));
}

/**
 * One step of Adam with the reduced gradient times `factor` (the clipping).
 * rate: learning rate with both bias corrections in it; epsilon: times the root of the second correction.
 */
export function adam(table: usize, factor: f32, rate: f32, beta1: f32, beta2: f32, epsilon: f32): void {
  const count = <usize>plan.parameters(table) << 2;
  const weights = plan.weights(table);
  const gradient = plan.gradients(table);
  const first = plan.firstMoment(table);
  const second = plan.secondMoment(table);
  for (let at: usize = 0; at < count; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), f32x4.splat(factor));
    const m = f32x4.add(f32x4.mul(v128.load(first + at), f32x4.splat(beta1)), f32x4.mul(g, f32x4.splat(1 - beta1)));
    const v = f32x4.add(
      f32x4.mul(v128.load(second + at), f32x4.splat(beta2)),
      f32x4.mul(f32x4.mul(g, g), f32x4.splat(1 - beta2)),
    );
    v128.store(first + at, m);
    v128.store(second + at, v);
    const step = f32x4.div(f32x4.mul(m, f32x4.splat(rate)), f32x4.add(f32x4.sqrt(v), f32x4.splat(epsilon)));
    v128.store(weights + at, f32x4.sub(v128.load(weights + at), step));
  }
}
