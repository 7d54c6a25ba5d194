import { type AddressBlock, maskedWord, parseAddressBlock } from '../addressBlock.js';

/** Route origin validation states of RFC 6811, section 2. */
export type Validity = 'valid' | 'invalid' | 'not found';

/** A validated ROA payload: `asn` may originate `prefix` and what is inside it down to `maxLength`. */
export interface Vrp {
  prefix: string;
  asn: number;
  maxLength: number;
}

/** Exact key of the block's first `length` bits: a number for IPv4 (fits 2^38), text for IPv6. */
function keyAt(block: AddressBlock, length: number): number | string {
  if (block.family === 4) return maskedWord(block.words[0]!, length) * 64 + length;
  const words = block.words.map((word, index) => maskedWord(word, length - 32 * index));
  return `${words[0]}:${words[1]}:${words[2]}:${words[3]}/${length}`;
}

/**
 * Validated ROA payloads, looked up by covering prefix. VRPs of one prefix are a chain in typed arrays, so that the
 * half million of the whole Internet take tens of megabytes.
 */
export class VrpTable {
  readonly size: number;
  private readonly first = new Map<number | string, number>();
  private readonly next: Int32Array;
  private readonly asn: Uint32Array;
  private readonly maxLength: Uint8Array;

  /** `vrps` with an unreadable prefix are left out and counted in `skipped`. */
  constructor(
    vrps: readonly Vrp[],
    readonly skipped = 0,
  ) {
    this.next = new Int32Array(vrps.length);
    this.asn = new Uint32Array(vrps.length);
    this.maxLength = new Uint8Array(vrps.length);
    let size = 0;
    for (const vrp of vrps) {
      const block = parseAddressBlock(vrp.prefix);
      if (block === null) {
        this.skipped++;
        continue;
      }
      const key = keyAt(block, block.length);
      this.next[size] = this.first.get(key) ?? -1;
      this.first.set(key, size);
      this.asn[size] = vrp.asn;
      this.maxLength[size] = vrp.maxLength;
      size++;
    }
    this.size = size;
  }

  /**
   * RFC 6811, section 2: not found when no VRP covers the route; valid when one that covers it has its origin and a
   * maximum length that allows it (AS 0 never matches, RFC 6483 section 4); else invalid.
   */
  validity(prefix: string, origin: number): Validity {
    const block = parseAddressBlock(prefix);
    if (block === null) return 'not found';
    let covered = false;
    for (let length = block.length; length >= 0; length--) {
      let index = this.first.get(keyAt(block, length)) ?? -1;
      while (index >= 0) {
        covered = true;
        if (origin !== 0 && this.asn[index] === origin && block.length <= this.maxLength[index]!) return 'valid';
        index = this.next[index]!;
      }
    }
    return covered ? 'invalid' : 'not found';
  }
}
