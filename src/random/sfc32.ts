/**
 * The generator of all that is random here: sfc32 by Chris Doty-Humphrey (PractRand), uniform in [0, 1), the same
 * draws for the same state on every machine.
 * @param skipped how many draws are thrown away, until a seed's bits have spread over the whole state
 */
export function sfc32(a: number, b: number, c: number, skipped: number): () => number {
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < skipped; i++) next();
  return next;
}

/** Uniform numbers in [0, 1), as models are trained and judged with them. */
export function seededRandom(seed: number): () => number {
  return sfc32(0x9e3779b9 ^ (seed | 0), 0x243f6a88 ^ Math.floor(seed / 4294967296), 0xb7e15162, 12);
}
