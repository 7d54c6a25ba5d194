/**
 * One LSTM layer over one minute, forward and backward (Hochreiter and Schmidhuber 1997; with the forget gate of Gers,
 * Schmidhuber and Cummins 2000), for a shard of windows. Gates lie side by side in a row: input, forget, cell, output,
 * each `hidden` wide, as in Keras. docs/lstm-kernel.md derives the backward pass.
 */
import { logistic4, tanh4 } from './activation';

/**
 * Turns gate sums into gate values in place and gives the cell, its tanh and the output of this minute.
 * gates [rows x 4 hidden]; before, cell, squashed, output [rows x hidden].
 */
export function forward(
  gates: usize,
  before: usize,
  cell: usize,
  squashed: usize,
  output: usize,
  rows: i32,
  hidden: i32,
): void {
  const width = <usize>hidden << 2;
  for (let r = 0; r < rows; r++) {
    for (let u: usize = 0; u < width; u += 16) {
      const at = gates + u;
      const i = logistic4(v128.load(at));
      const f = logistic4(v128.load(at + width));
      const g = tanh4(v128.load(at + 2 * width));
      const o = logistic4(v128.load(at + 3 * width));
      const c = f32x4.add(f32x4.mul(f, v128.load(before + u)), f32x4.mul(i, g));
      const t = tanh4(c);
      v128.store(at, i);
      v128.store(at + width, f);
      v128.store(at + 2 * width, g);
      v128.store(at + 3 * width, o);
      v128.store(cell + u, c);
      v128.store(squashed + u, t);
      v128.store(output + u, f32x4.mul(o, t));
    }
    gates += 4 * width;
    before += width;
    cell += width;
    squashed += width;
    output += width;
  }
}

/**
 * Turns gate values into the loss's gradients for the gate sums, in place, adds them to `total`, and moves the cell's
 * gradient one minute back. fromOutput is the gradient for this minute's output; all [rows x hidden] but gates and total.
 */
export function backward(
  gates: usize,
  before: usize,
  squashed: usize,
  fromOutput: usize,
  fromCell: usize,
  total: usize,
  rows: i32,
  hidden: i32,
): void {
  const width = <usize>hidden << 2;
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    for (let u: usize = 0; u < width; u += 16) {
      const at = gates + u;
      const i = v128.load(at);
      const f = v128.load(at + width);
      const g = v128.load(at + 2 * width);
      const o = v128.load(at + 3 * width);
      const t = v128.load(squashed + u);
      const dh = v128.load(fromOutput + u);
      const dc = f32x4.add(
        v128.load(fromCell + u),
        f32x4.mul(f32x4.mul(dh, o), f32x4.sub(one, f32x4.mul(t, t))),
      );
      const di = f32x4.mul(f32x4.mul(dc, g), f32x4.mul(i, f32x4.sub(one, i)));
      const df = f32x4.mul(f32x4.mul(dc, v128.load(before + u)), f32x4.mul(f, f32x4.sub(one, f)));
      const dg = f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g)));
      const dout = f32x4.mul(f32x4.mul(dh, t), f32x4.mul(o, f32x4.sub(one, o)));
      v128.store(at, di);
      v128.store(at + width, df);
      v128.store(at + 2 * width, dg);
      v128.store(at + 3 * width, dout);
      const sum = total + u;
      v128.store(sum, f32x4.add(v128.load(sum), di));
      v128.store(sum + width, f32x4.add(v128.load(sum + width), df));
      v128.store(sum + 2 * width, f32x4.add(v128.load(sum + 2 * width), dg));
      v128.store(sum + 3 * width, f32x4.add(v128.load(sum + 3 * width), dout));
      v128.store(fromCell + u, f32x4.mul(dc, f));
    }
    gates += 4 * width;
    before += width;
    squashed += width;
    fromOutput += width;
    fromCell += width;
    total += 4 * width;
  }
}
