import { type AddressBlock, maskedWord, parseAddressBlock } from '../addressBlock.js';

/** Route origin validation states of RFC 6811, section 2. */
export type Validity = 'valid' | 'invalid' | 'not found';

/** A validated ROA payload: `asn` may originate `prefix` and what is inside it down to `maxLength`. */
export interface Vrp {
  prefix: string;
  asn: number;
  maxLength: number;
  /** Seconds since 1970 from which it no longer holds; absent where the list does not say. */
  expires?: number;
}

/** Exact key of the block's first `length` bits: a number for IPv4 (fits 2^38), text for IPv6. */
function keyAt(block: AddressBlock, length: number): number | string {
  if (block.family === 4) return maskedWord(block.words[0]!, length) * 64 + length;
  const words = block.words.map((word, index) => maskedWord(word, length - 32 * index));
  return `${words[0]}:${words[1]}:${words[2]}:${words[3]}/${length}`;
}

const LEAST_ROOM = 1024;

/**
 * Validated ROA payloads, looked up by covering prefix. VRPs of one prefix are a chain in typed arrays, so that the
 * half million of the whole Internet take tens of megabytes. Expired ones are as if they were not there.
 */
export class VrpTable {
  #count = 0;
  #unreadable: number;
  readonly #first = new Map<number | string, number>();
  #next = new Int32Array(LEAST_ROOM);
  #asn = new Uint32Array(LEAST_ROOM);
  #maxLength = new Uint8Array(LEAST_ROOM);
  /** 0: never. */
  #expires = new Uint32Array(LEAST_ROOM);

  /** `vrps` with an unreadable prefix are left out and counted in `skipped`. */
  constructor(
    vrps: readonly Vrp[],
    skipped = 0,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.#unreadable = skipped;
    for (const vrp of vrps) this.add(vrp);
  }

  get size(): number {
    return this.#count;
  }

  get skipped(): number {
    return this.#unreadable;
  }

  /** VRPs that have expired by now. */
  get expired(): number {
    const now = this.#seconds();
    let expired = 0;
    for (let at = 0; at < this.#count; at++) if (this.#expires[at]! !== 0 && this.#expires[at]! <= now) expired++;
    return expired;
  }

  skip(): void {
    this.#unreadable++;
  }

  add(vrp: Vrp): void {
    const block = parseAddressBlock(vrp.prefix);
    if (block === null) {
      this.#unreadable++;
      return;
    }
    if (this.#count === this.#next.length) this.#grow();
    const key = keyAt(block, block.length);
    const at = this.#count++;
    this.#next[at] = this.#first.get(key) ?? -1;
    this.#first.set(key, at);
    this.#asn[at] = vrp.asn;
    this.#maxLength[at] = vrp.maxLength;
    this.#expires[at] = vrp.expires ?? 0;
  }

  /** Those that cover a prefix and have not expired, the longest first; without their own prefix. */
  covering(prefix: string): { asn: number; length: number; maxLength: number; expires: number | null }[] {
    const block = parseAddressBlock(prefix);
    const found: ReturnType<VrpTable['covering']> = [];
    if (block === null) return found;
    const now = this.#seconds();
    for (let length = block.length; length >= 0; length--) {
      let at = this.#first.get(keyAt(block, length)) ?? -1;
      for (; at >= 0; at = this.#next[at]!) {
        const expires = this.#expires[at]!;
        if (expires !== 0 && expires <= now) continue;
        const [asn, maxLength] = [this.#asn[at]!, this.#maxLength[at]!];
        found.push({ asn, length, maxLength, expires: expires === 0 ? null : expires });
      }
    }
    return found;
  }

  /**
   * RFC 6811, section 2: not found when no VRP covers the route; valid when one that covers it has its origin and a
   * maximum length that allows it (AS 0 never matches, RFC 6483 section 4); else invalid.
   */
  validity(prefix: string, origin: number): Validity {
    const length = parseAddressBlock(prefix)?.length;
    if (length === undefined) return 'not found';
    const covering = this.covering(prefix);
    if (covering.some(({ asn, maxLength }) => origin !== 0 && asn === origin && length <= maxLength)) return 'valid';
    return covering.length > 0 ? 'invalid' : 'not found';
  }

  #seconds(): number {
    return Math.floor(this.now().getTime() / 1000);
  }

  #grow(): void {
    const room = this.#next.length * 2;
    const moved = <Column extends Int32Array | Uint32Array | Uint8Array>(from: Column, to: Column): Column => {
      to.set(from);
      return to;
    };
    this.#next = moved(this.#next, new Int32Array(room));
    this.#asn = moved(this.#asn, new Uint32Array(room));
    this.#maxLength = moved(this.#maxLength, new Uint8Array(room));
    this.#expires = moved(this.#expires, new Uint32Array(room));
  }
}
