const QUOTE = 0x22;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TILDE = 0x7e;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;

/** 1 for bytes that stand for themselves in a string: printable ASCII but quote and backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte <= TILDE && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** A text of at least four characters as 32-bit words, lowest byte first; the last one overlaps the one before. */
export interface Word {
  readonly length: number;
  readonly words: readonly number[];
  readonly last: number;
}

export function ascii(text: string): Word {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const words = Array.from({ length: (text.length - 1) >> 2 }, (_, at) => view.getInt32(at * 4, true));
  return { length: text.length, words, last: view.getInt32(text.length - 4, true) };
}

/**
 * Reads JSON from its bytes without building objects. It knows only the usual spelling (no escapes, no exponents, spaces
 * but no other white space); whoever meets anything else goes by JSON.parse.
 */
export class JsonScanner {
  protected bytes: Uint8Array = new Uint8Array(0);
  protected end = 0;
  protected at = 0;
  /** Of the last number. */
  protected value = 0;
  /** Where the last string's text begins. */
  protected stringStart = 0;
  /** The buffer that the bytes are a part of, and where in it they begin. */
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));
  #offset = 0;

  protected open(bytes: Uint8Array, end: number): void {
    this.bytes = bytes;
    this.end = end;
    this.at = 0;
    const { buffer, byteOffset } = bytes;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    this.#offset = byteOffset;
  }

  protected spaces(): void {
    while (this.bytes[this.at] === SPACE) this.at++;
  }

  protected is(character: number): boolean {
    if (this.bytes[this.at] !== character) {
      this.spaces();
      if (this.bytes[this.at] !== character) return false;
    }
    this.at++;
    return true;
  }

  protected word(word: Word): boolean {
    this.spaces();
    if (!this.standsAt(this.at, word)) return false;
    this.at += word.length;
    return true;
  }

  protected standsAt(at: number, { length, words, last }: Word): boolean {
    if (at + length > this.end) return false;
    const view = this.#view;
    const from = this.#offset + at;
    for (let i = 0; i < words.length; i++) if (view.getInt32(from + i * 4, true) !== words[i]) return false;
    return view.getInt32(from + length - 4, true) === last;
  }

  /** A string of printable ASCII without escapes; stringStart and the returned end enclose its bytes. @returns -1 when it is none */
  protected string(): number {
    if (!this.is(QUOTE)) return -1;
    this.stringStart = this.at;
    return this.#stringEnd(this.at);
  }

  /** As `string`, faster for long ones of digits and the letters up to O, such as hexadecimal ones. */
  protected hexadecimal(): number {
    if (!this.is(QUOTE)) return -1;
    this.stringStart = this.at;
    const view = this.#view;
    const byteOffset = this.#offset;
    let at = byteOffset + this.at;
    // Eight bytes at a time, as long as each is 0x30 to 0x3f (bit 4 set, bit 6 not, bit 5 set) or 0x40 to 0x4f, 0x60 to
    // 0x6f (bit 6 set, bit 4 not): all of them stand for themselves. Shifts bring those bits to bit 6 of their own byte.
    for (const last = byteOffset + this.end - 8; at <= last; at += 8) {
      const a = view.getUint32(at, true);
      const b = view.getUint32(at + 4, true);
      const plainA = (a ^ (a << 2)) & (a | (a << 1)) & ~(a >>> 1);
      const plainB = (b ^ (b << 2)) & (b | (b << 1)) & ~(b >>> 1);
      if ((plainA & plainB & 0x40404040) !== 0x40404040) break;
    }
    return this.#stringEnd(at - byteOffset);
  }

  #stringEnd(from: number): number {
    const { bytes } = this;
    let at = from;
    // four at a time, as long as four are there
    for (const last = this.end - 4; at <= last; at += 4) {
      const plain = PLAIN[bytes[at]!]! & PLAIN[bytes[at + 1]!]! & PLAIN[bytes[at + 2]!]! & PLAIN[bytes[at + 3]!]!;
      if (plain === 0) break;
    }
    // what lies past the end is no part of the message: a string that runs into it fails the check of the end
    while (PLAIN[bytes[at]!] === 1) at++;
    this.at = at + 1;
    return bytes[at] === QUOTE ? at : -1;
  }

  /** A whole number of at most ten digits, as JSON writes it, into `value`. */
  protected number(): boolean {
    this.spaces();
    const { bytes } = this;
    const start = this.at;
    let at = start;
    let value = 0;
    for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
      value = value * 10 + digit;
    }
    const digits = at - start;
    if (digits === 0 || digits > 10 || at >= this.end || (digits > 1 && bytes[start] === ZERO)) return false;
    this.at = at;
    this.value = value;
    return true;
  }

  /** The value of a key that says nothing here: a string or a whole number. */
  protected scalar(): boolean {
    this.spaces();
    return this.bytes[this.at] === QUOTE ? this.string() >= 0 : this.number();
  }

  /** Lists of whole numbers in a list, passed over. */
  protected listsOfNumbers(): boolean {
    if (!this.is(OPEN_LIST)) return false;
    if (this.is(CLOSE_LIST)) return true;
    do {
      if (this.#shortList()) continue;
      if (!this.is(OPEN_LIST)) return false;
      do {
        if (!this.#shortNumber() && !this.number()) return false;
      } while (this.is(COMMA));
      if (!this.is(CLOSE_LIST)) return false;
    } while (this.is(COMMA));
    return this.is(CLOSE_LIST);
  }

  /** Passes over a list of such numbers without spaces, where there is one. */
  #shortList(): boolean {
    const { bytes } = this;
    let at = this.at;
    if (bytes[at] !== OPEN_LIST) return false;
    for (;;) {
      const start = ++at;
      let digit = bytes[at]! - ZERO;
      if (!(digit >= 1 && digit <= 9)) return false;
      while (digit >= 0 && digit <= 9) digit = bytes[++at]! - ZERO;
      if (at - start > 9 || at >= this.end) return false;
      if (bytes[at] === COMMA) continue;
      if (bytes[at] !== CLOSE_LIST) return false;
      this.at = at + 1;
      return true;
    }
  }

  /** Passes over a number of at most nine digits that no zero begins and no space precedes, where there is one. */
  #shortNumber(): boolean {
    const { bytes, at: start } = this;
    let digit = bytes[start]! - ZERO;
    if (!(digit >= 1 && digit <= 9)) return false;
    let at = start;
    while (digit >= 0 && digit <= 9) digit = bytes[++at]! - ZERO;
    if (at - start > 9 || at >= this.end) return false;
    this.at = at;
    return true;
  }
}
