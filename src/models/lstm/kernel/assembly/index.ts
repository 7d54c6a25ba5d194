/**
 * The autoencoder of one shard of windows: encoder LSTM, its last output repeated, decoder LSTM, one dense layer for
 * every minute; mean squared error. Everything works on the memory that the caller planned (plan.ts, layout.ts).
 */
import * as at from './layout';
import { adam, reduce } from './optimiser';
import * as plan from './plan';
import { accumulate, accumulateRows, pack, product } from './product';
import { backward, forward } from './recurrence';
import { logistic4, tanh4 } from './activation';

export { adam, pack, product, reduce };

/** Minutes whose part of the weights' gradients is summed in one go, while their gates' gradients are in the cache. */
const TOGETHER: i32 = 4;

/** Packs a network's weights for both passes; once after every change of them. */
export function packWeights(table: usize, network: i32): void {
  at.lay(table, 0, network);
  const w = at.weights;
  pack(at.packedEncoderInput, w + at.encoderInput, at.features, at.gates, false);
  pack(at.packedEncoderState, w + at.encoderState, at.hidden, at.gates, false);
  pack(at.packedEncoderStateBack, w + at.encoderState, at.gates, at.hidden, true);
  pack(at.packedDecoderInput, w + at.decoderInput, at.hidden, at.gates, false);
  pack(at.packedDecoderInputBack, w + at.decoderInput, at.gates, at.hidden, true);
  pack(at.packedDecoderState, w + at.decoderState, at.hidden, at.gates, false);
  pack(at.packedDecoderStateBack, w + at.decoderState, at.gates, at.hidden, true);
  pack(at.packedOutput, w + at.outputWeights, at.hidden, at.features, false);
  pack(at.packedOutputBack, w + at.outputWeights, at.features, at.hidden, true);
}

/** Windows of the shard, up to a multiple of four; what is beyond `counts` repeats the first and counts for nothing. */
function paddedRows(table: usize, shard: i32): i32 {
  return (load<i32>(plan.counts(table) + (<usize>shard << 2)) + 3) & ~3;
}

function gather(table: usize, shard: i32, rows: i32): void {
  const bytes = <usize>at.features << 2;
  const starts = plan.starts(table) + (<usize>(shard * plan.shardRows(table)) << 2);
  let to = at.input;
  for (let t = 0; t < at.steps; t++) {
    for (let r = 0; r < rows; r++) {
      const row = load<i32>(starts + (<usize>r << 2)) + t;
      memory.copy(to, plan.rows(table) + <usize>row * bytes, bytes);
      to += bytes;
    }
  }
}

/** Runs both layers; leaves the reconstruction [steps x rows x features] in `output`. */
function reconstruct(table: usize, shard: i32, rows: i32): void {
  const n = <usize>rows;
  const f = <usize>at.features << 2;
  const h = <usize>at.hidden << 2;
  const g = h << 2;
  const w = at.weights;
  gather(table, shard, rows);
  memory.fill(at.encoderCell, 0, n * h);
  memory.fill(at.encoderOutput, 0, n * h);
  memory.fill(at.decoderCell, 0, n * h);
  memory.fill(at.decoderOutput, 0, n * h);

  product(at.encoderGates, g, w + at.encoderBias, 0, at.input, f, at.packedEncoderInput, at.steps * rows, at.features, at.gates);
  let gates = at.encoderGates;
  let cell = at.encoderCell;
  let squashed = at.encoderSquashed;
  let output = at.encoderOutput;
  for (let t = 0; t < at.steps; t++) {
    if (t > 0) product(gates, g, gates, g, output, h, at.packedEncoderState, rows, at.hidden, at.gates);
    forward(gates, cell, cell + n * h, squashed, output + n * h, rows, at.hidden);
    gates += n * g;
    cell += n * h;
    squashed += n * h;
    output += n * h;
  }

  product(at.decoderStart, g, w + at.decoderBias, 0, output, h, at.packedDecoderInput, rows, at.hidden, at.gates);
  gates = at.decoderGates;
  cell = at.decoderCell;
  squashed = at.decoderSquashed;
  output = at.decoderOutput;
  for (let t = 0; t < at.steps; t++) {
    if (t == 0) memory.copy(gates, at.decoderStart, n * g);
    else product(gates, g, at.decoderStart, g, output, h, at.packedDecoderState, rows, at.hidden, at.gates);
    forward(gates, cell, cell + n * h, squashed, output + n * h, rows, at.hidden);
    gates += n * g;
    cell += n * h;
    squashed += n * h;
    output += n * h;
  }
  const first = at.decoderOutput + n * h;
  product(at.output, f, w + at.outputBias, 0, first, h, at.packedOutput, at.steps * rows, at.hidden, at.features);
}

/** Turns the reconstruction into the loss's gradient and gives the sum of squared errors. */
function lossGradient(table: usize, shard: i32, rows: i32): f64 {
  const count = load<i32>(plan.counts(table) + (<usize>shard << 2));
  const f = <usize>at.features << 2;
  const slope = f32x4.splat(plan.slope(table));
  let sum: f64 = 0;
  let y = at.output;
  let x = at.input;
  for (let t = 0; t < at.steps; t++) {
    let squares = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      if (r < count) {
        for (let k: usize = 0; k < f; k += 16) {
          const e = f32x4.sub(v128.load(y + k), v128.load(x + k));
          squares = f32x4.add(squares, f32x4.mul(e, e));
          v128.store(y + k, f32x4.mul(e, slope));
        }
      } else {
        memory.fill(y, 0, f);
      }
      y += f;
      x += f;
    }
    sum += <f64>f32x4.extract_lane(squares, 0) + <f64>f32x4.extract_lane(squares, 1);
    sum += <f64>f32x4.extract_lane(squares, 2) + <f64>f32x4.extract_lane(squares, 3);
  }
  return sum;
}

/** Forward and backward through time; leaves the shard's gradient and its sum of squared errors. */
export function train(table: usize, shard: i32, thread: i32): void {
  at.lay(table, thread, 0);
  const rows = paddedRows(table, shard);
  const n = <usize>rows;
  const f = <usize>at.features << 2;
  const h = <usize>at.hidden << 2;
  const g = h << 2;
  const bytes = <usize>plan.parameters(table) << 2;
  const d = plan.gradients(table) + <usize>shard * bytes;
  memory.fill(d, 0, bytes);
  if (rows == 0) {
    store<f64>(plan.losses(table) + (<usize>shard << 3), 0);
    return;
  }
  memory.fill(at.zeros, 0, max<usize>(g, f));
  reconstruct(table, shard, rows);
  store<f64>(plan.losses(table) + (<usize>shard << 3), lossGradient(table, shard, rows));

  accumulateRows(d + at.outputBias, at.output, at.steps * rows, at.features);
  memory.fill(at.gateTotal, 0, n * g);
  memory.fill(at.cellGradient, 0, n * h);
  let until = at.steps;
  for (let t = at.steps - 1; t >= 0; t--) {
    const m = <usize>t * n;
    const gates = at.decoderGates + m * g;
    const fromOutput = at.output + m * f;
    const last = t == at.steps - 1;
    product(
      at.stateGradient, h, last ? at.zeros : at.stateGradient, last ? 0 : h,
      fromOutput, f, at.packedOutputBack, rows, at.features, at.hidden,
    );
    backward(gates, at.decoderCell + m * h, at.decoderSquashed + m * h, at.stateGradient, at.cellGradient, at.gateTotal, rows, at.hidden);
    if (t > 0) product(at.stateGradient, h, at.zeros, 0, gates, g, at.packedDecoderStateBack, rows, at.gates, at.hidden);
    if (until - t == TOGETHER || t == 0) {
      const depth = (until - t) * rows;
      accumulate(d + at.outputWeights, at.decoderOutput + (m + n) * h, h, fromOutput, f, depth, at.hidden, at.features);
      // The output before the first minute is zero and adds nothing.
      accumulate(d + at.decoderState, at.decoderOutput + m * h, h, gates, g, depth, at.hidden, at.gates);
      until = t;
    }
  }
  // The repeated input is the same at every minute, so the sum of the gates' gradients stands for all of them.
  const code = at.encoderOutput + <usize>at.steps * n * h;
  accumulate(d + at.decoderInput, code, h, at.gateTotal, g, rows, at.hidden, at.gates);
  accumulateRows(d + at.decoderBias, at.gateTotal, rows, at.gates);
  product(at.stateGradient, h, at.zeros, 0, at.gateTotal, g, at.packedDecoderInputBack, rows, at.gates, at.hidden);

  memory.fill(at.gateTotal, 0, n * g);
  memory.fill(at.cellGradient, 0, n * h);
  until = at.steps;
  for (let t = at.steps - 1; t >= 0; t--) {
    const m = <usize>t * n;
    const gates = at.encoderGates + m * g;
    backward(gates, at.encoderCell + m * h, at.encoderSquashed + m * h, at.stateGradient, at.cellGradient, at.gateTotal, rows, at.hidden);
    if (t > 0) product(at.stateGradient, h, at.zeros, 0, gates, g, at.packedEncoderStateBack, rows, at.gates, at.hidden);
    if (until - t == TOGETHER || t == 0) {
      const depth = (until - t) * rows;
      accumulate(d + at.encoderInput, at.input + m * f, f, gates, g, depth, at.features, at.gates);
      accumulate(d + at.encoderState, at.encoderOutput + m * h, h, gates, g, depth, at.hidden, at.gates);
      until = t;
    }
  }
  accumulateRows(d + at.encoderBias, at.gateTotal, rows, at.gates);
}

/** Forward only, by the shard's network: per window and feature the squared errors, weighted by minute and summed. */
export function score(table: usize, shard: i32, thread: i32): void {
  at.lay(table, thread, load<i32>(plan.networks(table) + (<usize>shard << 2)));
  const rows = paddedRows(table, shard);
  if (rows == 0) return;
  reconstruct(table, shard, rows);
  const count = load<i32>(plan.counts(table) + (<usize>shard << 2));
  const f = <usize>at.features << 2;
  const errors = plan.errors(table) + <usize>(shard * plan.shardRows(table)) * f;
  memory.fill(errors, 0, <usize>count * f);
  for (let t = 0; t < at.steps; t++) {
    const weight = v128.load32_splat(plan.stepWeights(table) + (<usize>t << 2));
    const from = <usize>(t * rows) * f;
    for (let k: usize = 0; k < <usize>count * f; k += 16) {
      const e = f32x4.sub(v128.load(at.output + from + k), v128.load(at.input + from + k));
      v128.store(errors + k, f32x4.add(v128.load(errors + k), f32x4.mul(weight, f32x4.mul(e, e))));
    }
  }
}

/** Bytes that one thread's workspace takes, for the plan to be checked against. */
export function workspaceSize(table: usize): usize {
  at.lay(table, 0, 0);
  return at.workspaceEnd - at.input;
}

/** tanh (`logistic` false) or the logistic function of `count` values in place; count a multiple of four. */
export function activate(values: usize, count: i32, logistic: bool): void {
  for (let k: usize = 0; k < <usize>count << 2; k += 16) {
    const x = v128.load(values + k);
    v128.store(values + k, logistic ? logistic4(x) : tanh4(x));
  }
}
