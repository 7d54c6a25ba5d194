/**
 * Matrix products on float32, row-major. All strides are in bytes; every count is a multiple of what the loops step by
 * (rows 4, columns 8, depth 4), which the memory plan guarantees by padding with zeros.
 *
 * One tile of the result is 4 rows by 8 columns: 8 accumulators, 2 vectors of B and one spread element of A make 11 of
 * the 16 vector registers that x86-64 has.
 */

/** Rows of A walked before the next panel of B: keeps both in the first-level cache. */
const BLOCK: i32 = 32;

/**
 * Copies B [depth x columns] into panels of eight columns, each [depth x 8] contiguous, so that the inner loop of
 * `product` walks memory in order. With `transposed`, B is given as [columns x depth].
 */
export function pack(panels: usize, b: usize, depth: i32, columns: i32, transposed: bool): void {
  for (let j = 0; j < columns; j += 8) {
    for (let k = 0; k < depth; k++) {
      if (transposed) {
        for (let lane = 0; lane < 8; lane++) {
          store<f32>(panels + (<usize>lane << 2), load<f32>(b + (<usize>((j + lane) * depth + k) << 2)));
        }
      } else {
        const row = b + (<usize>(k * columns + j) << 2);
        v128.store(panels, v128.load(row));
        v128.store(panels, v128.load(row, 16), 16);
      }
      panels += 32;
    }
  }
}

/** C = start + A B, with A [rows x depth], B packed, and `start` [rows x columns] (stride 0 repeats one row). */
export function product(
  c: usize,
  cStride: usize,
  start: usize,
  startStride: usize,
  a: usize,
  aStride: usize,
  panels: usize,
  rows: i32,
  depth: i32,
  columns: i32,
): void {
  for (let first = 0; first < rows; first += BLOCK) {
    const last = min(rows, first + BLOCK);
    let panel = panels;
    for (let j: usize = 0; j < <usize>columns << 2; j += 32) {
      for (let i = first; i < last; i += 4) {
        const from = start + <usize>i * startStride + j;
        let c00 = v128.load(from);
        let c01 = v128.load(from, 16);
        let c10 = v128.load(from + startStride);
        let c11 = v128.load(from + startStride, 16);
        let c20 = v128.load(from + 2 * startStride);
        let c21 = v128.load(from + 2 * startStride, 16);
        let c30 = v128.load(from + 3 * startStride);
        let c31 = v128.load(from + 3 * startStride, 16);
        let a0 = a + <usize>i * aStride;
        let a1 = a0 + aStride;
        let a2 = a1 + aStride;
        let a3 = a2 + aStride;
        let b = panel;
        const end = a0 + (<usize>depth << 2);
        while (a0 < end) {
          let b0 = v128.load(b);
          let b1 = v128.load(b, 16);
          let s = v128.load32_splat(a0);
          c00 = f32x4.add(c00, f32x4.mul(s, b0));
          c01 = f32x4.add(c01, f32x4.mul(s, b1));
          s = v128.load32_splat(a1);
          c10 = f32x4.add(c10, f32x4.mul(s, b0));
          c11 = f32x4.add(c11, f32x4.mul(s, b1));
          s = v128.load32_splat(a2);
          c20 = f32x4.add(c20, f32x4.mul(s, b0));
          c21 = f32x4.add(c21, f32x4.mul(s, b1));
          s = v128.load32_splat(a3);
          c30 = f32x4.add(c30, f32x4.mul(s, b0));
          c31 = f32x4.add(c31, f32x4.mul(s, b1));

          b0 = v128.load(b, 32);
          b1 = v128.load(b, 48);
          s = v128.load32_splat(a0, 4);
          c00 = f32x4.add(c00, f32x4.mul(s, b0));
          c01 = f32x4.add(c01, f32x4.mul(s, b1));
          s = v128.load32_splat(a1, 4);
          c10 = f32x4.add(c10, f32x4.mul(s, b0));
          c11 = f32x4.add(c11, f32x4.mul(s, b1));
          s = v128.load32_splat(a2, 4);
          c20 = f32x4.add(c20, f32x4.mul(s, b0));
          c21 = f32x4.add(c21, f32x4.mul(s, b1));
          s = v128.load32_splat(a3, 4);
          c30 = f32x4.add(c30, f32x4.mul(s, b0));
          c31 = f32x4.add(c31, f32x4.mul(s, b1));

          b0 = v128.load(b, 64);
          b1 = v128.load(b, 80);
          s = v128.load32_splat(a0, 8);
          c00 = f32x4.add(c00, f32x4.mul(s, b0));
          c01 = f32x4.add(c01, f32x4.mul(s, b1));
          s = v128.load32_splat(a1, 8);
          c10 = f32x4.add(c10, f32x4.mul(s, b0));
          c11 = f32x4.add(c11, f32x4.mul(s, b1));
          s = v128.load32_splat(a2, 8);
          c20 = f32x4.add(c20, f32x4.mul(s, b0));
          c21 = f32x4.add(c21, f32x4.mul(s, b1));
          s = v128.load32_splat(a3, 8);
          c30 = f32x4.add(c30, f32x4.mul(s, b0));
          c31 = f32x4.add(c31, f32x4.mul(s, b1));

          b0 = v128.load(b, 96);
          b1 = v128.load(b, 112);
          s = v128.load32_splat(a0, 12);
          c00 = f32x4.add(c00, f32x4.mul(s, b0));
          c01 = f32x4.add(c01, f32x4.mul(s, b1));
          s = v128.load32_splat(a1, 12);
          c10 = f32x4.add(c10, f32x4.mul(s, b0));
          c11 = f32x4.add(c11, f32x4.mul(s, b1));
          s = v128.load32_splat(a2, 12);
          c20 = f32x4.add(c20, f32x4.mul(s, b0));
          c21 = f32x4.add(c21, f32x4.mul(s, b1));
          s = v128.load32_splat(a3, 12);
          c30 = f32x4.add(c30, f32x4.mul(s, b0));
          c31 = f32x4.add(c31, f32x4.mul(s, b1));

          a0 += 16;
          a1 += 16;
          a2 += 16;
          a3 += 16;
          b += 128;
        }
        const to = c + <usize>i * cStride + j;
        v128.store(to, c00);
        v128.store(to, c01, 16);
        v128.store(to + cStride, c10);
        v128.store(to + cStride, c11, 16);
        v128.store(to + 2 * cStride, c20);
        v128.store(to + 2 * cStride, c21, 16);
        v128.store(to + 3 * cStride, c30);
        v128.store(to + 3 * cStride, c31, 16);
      }
      panel += <usize>depth << 5;
    }
  }
}

/** C += transposed(A) B, with A [depth x rows], B [depth x columns], C [rows x columns] contiguous. */
export function accumulate(c: usize, a: usize, aStride: usize, b: usize, bStride: usize, depth: i32, rows: i32, columns: i32): void {
  const cStride = <usize>columns << 2;
  for (let j: usize = 0; j < cStride; j += 32) {
    for (let i = 0; i < rows; i += 4) {
      const at = c + <usize>i * cStride + j;
      let c00 = v128.load(at);
      let c01 = v128.load(at, 16);
      let c10 = v128.load(at + cStride);
      let c11 = v128.load(at + cStride, 16);
      let c20 = v128.load(at + 2 * cStride);
      let c21 = v128.load(at + 2 * cStride, 16);
      let c30 = v128.load(at + 3 * cStride);
      let c31 = v128.load(at + 3 * cStride, 16);
      let from = a + (<usize>i << 2);
      let row = b + j;
      for (let k = 0; k < depth; k += 2) {
        let b0 = v128.load(row);
        let b1 = v128.load(row, 16);
        let s = v128.load32_splat(from);
        c00 = f32x4.add(c00, f32x4.mul(s, b0));
        c01 = f32x4.add(c01, f32x4.mul(s, b1));
        s = v128.load32_splat(from, 4);
        c10 = f32x4.add(c10, f32x4.mul(s, b0));
        c11 = f32x4.add(c11, f32x4.mul(s, b1));
        s = v128.load32_splat(from, 8);
        c20 = f32x4.add(c20, f32x4.mul(s, b0));
        c21 = f32x4.add(c21, f32x4.mul(s, b1));
        s = v128.load32_splat(from, 12);
        c30 = f32x4.add(c30, f32x4.mul(s, b0));
        c31 = f32x4.add(c31, f32x4.mul(s, b1));
        row += bStride;
        from += aStride;

        b0 = v128.load(row);
        b1 = v128.load(row, 16);
        s = v128.load32_splat(from);
        c00 = f32x4.add(c00, f32x4.mul(s, b0));
        c01 = f32x4.add(c01, f32x4.mul(s, b1));
        s = v128.load32_splat(from, 4);
        c10 = f32x4.add(c10, f32x4.mul(s, b0));
        c11 = f32x4.add(c11, f32x4.mul(s, b1));
        s = v128.load32_splat(from, 8);
        c20 = f32x4.add(c20, f32x4.mul(s, b0));
        c21 = f32x4.add(c21, f32x4.mul(s, b1));
        s = v128.load32_splat(from, 12);
        c30 = f32x4.add(c30, f32x4.mul(s, b0));
        c31 = f32x4.add(c31, f32x4.mul(s, b1));
        row += bStride;
        from += aStride;
      }
      v128.store(at, c00);
      v128.store(at, c01, 16);
      v128.store(at + cStride, c10);
      v128.store(at + cStride, c11, 16);
      v128.store(at + 2 * cStride, c20);
      v128.store(at + 2 * cStride, c21, 16);
      v128.store(at + 3 * cStride, c30);
      v128.store(at + 3 * cStride, c31, 16);
    }
  }
}

/** total += the sum of the rows of B [depth x columns]: the gradient of a bias. */
export function accumulateRows(total: usize, b: usize, depth: i32, columns: i32): void {
  const stride = <usize>columns << 2;
  for (let j: usize = 0; j < stride; j += 16) {
    let sum = v128.load(total + j);
    let row = b + j;
    for (let k = 0; k < depth; k++) {
      sum = f32x4.add(sum, v128.load(row));
      row += stride;
    }
    v128.store(total + j, sum);
  }
}
