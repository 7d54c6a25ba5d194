import { hashWords, IPV6_SHAPE } from '../../bgp/address.js';
import { type AddressBlock, maskedWord } from '../addressBlock.js';

/** A prefix's shape (see bgp/address.ts) and its four words, the last three 0 for IPv4. */
export type PrefixWords = readonly [shape: number, w0: number, w1: number, w2: number, w3: number];

export function wordsOfBlock({ family, words, length }: AddressBlock): PrefixWords {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
  return [family === 4 ? length : IPV6_SHAPE + length, w0, w1, w2, w3];
}

function cut([shape, w0, w1, w2, w3]: PrefixWords, length: number): PrefixWords {
  return shape < IPV6_SHAPE
    ? [length, maskedWord(w0, length), 0, 0, 0]
    : [
        IPV6_SHAPE + length,
        maskedWord(w0, length),
        maskedWord(w1, length - 32),
        maskedWord(w2, length - 64),
        maskedWord(w3, length - 96),
      ];
}

const same = (a: PrefixWords, b: PrefixWords) => a.every((word, at) => word === b[at]);

/** Values by prefix, looked up by the longest one that covers another; costs one look for each length that is there. */
export class PrefixIndex<Value> {
  readonly #buckets = new Map<number, { words: PrefixWords; value: Value }[]>();
  /** Lengths that are there, longest first. */
  readonly #lengths = { 4: [] as number[], 6: [] as number[] };

  set(block: AddressBlock, value: Value): void {
    const words = wordsOfBlock(block);
    const key = hashWords(...words);
    const bucket = this.#buckets.get(key) ?? [];
    const known = bucket.find((entry) => same(entry.words, words));
    if (known !== undefined) known.value = value;
    else bucket.push({ words, value });
    this.#buckets.set(key, bucket);
    const lengths = this.#lengths[block.family];
    if (!lengths.includes(block.length)) lengths.push(block.length);
    lengths.sort((a, b) => b - a);
  }

  /** The value of the longest prefix around this one, itself included. */
  covering(prefix: PrefixWords): Value | undefined {
    const four = prefix[0] < IPV6_SHAPE;
    const length = four ? prefix[0] : prefix[0] - IPV6_SHAPE;
    for (const shorter of this.#lengths[four ? 4 : 6]) {
      if (shorter > length) continue;
      const words = cut(prefix, shorter);
      const found = this.#buckets.get(hashWords(...words))?.find((entry) => same(entry.words, words));
      if (found !== undefined) return found.value;
    }
    return undefined;
  }
}
