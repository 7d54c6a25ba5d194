/**
 * The table of sizes and addresses that the caller lays down once (src/models/lstm/kernel/plan.ts writes it in the same
 * order). Sizes are padded; addresses are byte offsets in the shared memory.
 */
// @ts-ignore: decorator
@inline
function field(plan: usize, index: i32): i32 {
  return load<i32>(plan + (<usize>index << 2));
}

/** Minutes of a window. */
export function steps(plan: usize): i32 { return field(plan, 0); }
export function features(plan: usize): i32 { return field(plan, 1); }
export function hidden(plan: usize): i32 { return field(plan, 2); }
/** Windows of a shard at most. */
export function shardRows(plan: usize): i32 { return field(plan, 3); }
/** float32 [rows x features] */
export function rows(plan: usize): usize { return <usize>field(plan, 4); }
/** int32 [shards x shardRows], first row of each window */
export function starts(plan: usize): usize { return <usize>field(plan, 5); }
/** int32 [shards], windows of each shard */
export function counts(plan: usize): usize { return <usize>field(plan, 6); }
/** float32 [networks x parameters]; training is on the first. */
export function weights(plan: usize): usize { return <usize>field(plan, 7); }
/** [networks], each packedBytes long */
export function packed(plan: usize): usize { return <usize>field(plan, 8); }
/** float32 [shards x parameters] */
export function gradients(plan: usize): usize { return <usize>field(plan, 9); }
export function firstMoment(plan: usize): usize { return <usize>field(plan, 10); }
export function secondMoment(plan: usize): usize { return <usize>field(plan, 11); }
/** float64 [shards], sums of squared errors */
export function losses(plan: usize): usize { return <usize>field(plan, 12); }
/** float32 [steps] */
export function stepWeights(plan: usize): usize { return <usize>field(plan, 13); }
/** float32 [shards x shardRows x features] */
export function errors(plan: usize): usize { return <usize>field(plan, 14); }
export function parameters(plan: usize): i32 { return field(plan, 15); }
/** One thread's workspace; `workspaceBytes` apart. */
export function workspace(plan: usize): usize { return <usize>field(plan, 16); }
export function workspaceBytes(plan: usize): i32 { return field(plan, 17); }
/** float32: derivative of the batch's mean squared error for one squared error, 2 / (windows x steps x features) */
export function slope(plan: usize): f32 { return load<f32>(plan + (18 << 2)); }
/** int32 [shards], the network that each shard is scored by */
export function networks(plan: usize): usize { return <usize>field(plan, 19); }
export function packedBytes(plan: usize): i32 { return field(plan, 20); }
