/** Of bzip2, in bits. */
export const MAXIMUM_CODE_LENGTH = 20;

/** A canonical Huffman code, to be read bit by bit: codes of one length follow each other. */
export interface HuffmanTable {
  /** Greatest code of each length, -1 for an unused one. */
  limit: Int32Array;
  /** What to take off a code of each length to find its symbol's place. */
  base: Int32Array;
  symbols: Uint16Array;
  shortest: number;
  longest: number;
}

/** @param lengths [count] bits of each symbol's code, 1 to MAXIMUM_CODE_LENGTH */
export function huffmanTable(lengths: Uint8Array, count: number): HuffmanTable {
  const perLength = new Int32Array(MAXIMUM_CODE_LENGTH + 1);
  let shortest = MAXIMUM_CODE_LENGTH;
  let longest = 1;
  for (let i = 0; i < count; i++) {
    const length = lengths[i]!;
    perLength[length]!++;
    shortest = Math.min(shortest, length);
    longest = Math.max(longest, length);
  }
  const symbols = new Uint16Array(count);
  let at = 0;
  for (let length = shortest; length <= longest; length++) {
    for (let i = 0; i < count; i++) if (lengths[i] === length) symbols[at++] = i;
  }
  const limit = new Int32Array(MAXIMUM_CODE_LENGTH + 2).fill(-1);
  const base = new Int32Array(MAXIMUM_CODE_LENGTH + 2);
  let code = 0;
  let before = 0;
  for (let length = shortest; length <= longest; length++) {
    base[length] = code - before;
    code += perLength[length]!;
    before += perLength[length]!;
    limit[length] = code - 1;
    code <<= 1;
  }
  return { limit, base, symbols, shortest, longest };
}
