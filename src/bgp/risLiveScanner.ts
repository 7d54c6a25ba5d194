import { maskWords, parseAddress, parsePrefix } from './address.js';
import { SET, START } from './asPath.js';
import { NOBODY } from './asPathAttribute.js';
import { NO_ORIGIN, NONE, ORIGIN_EGP, ORIGIN_IGP, ORIGIN_INCOMPLETE } from './batchColumns.js';
import { ascii, CLOSE, CLOSE_LIST, COLON, COMMA, JsonScanner, OPEN, OPEN_LIST } from './jsonScanner.js';
import type { UpdateBatchBuilder } from './updateBatchBuilder.js';

const QUOTE = 0x22;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;

const MAXIMUM_ENTRIES = 65_535;
const EARLIEST_SECONDS = 631_152_000;
const LATEST_SECONDS = 4_102_444_799;

const BEGINNING = ascii('{"type":"ris_message","data":{');
const TYPE = ascii('"type"');
const RIS_MESSAGE = ascii('"ris_message"');
const DATA = ascii('"data"');
const UPDATE = ascii('"UPDATE"');
const NEXT_HOP = ascii('"next_hop"');
const PREFIXES = ascii('"prefixes"');

/** Keys of an update; each may stand once. The last two say nothing here. */
const NAMES = [
  'timestamp',
  'peer',
  'peer_asn',
  'type',
  'path',
  'community',
  'origin',
  'announcements',
  'withdrawals',
  'raw',
  'id',
  'host',
];
const KEYS = NAMES.map((name) => ascii(`"${name}"`));
const KEYS_WITH_COLON = NAMES.map((name) => ascii(`"${name}":`));
const [TIMESTAMP_KEY, PEER_KEY, PEER_ASN_KEY, TYPE_KEY, PATH_KEY, COMMUNITY_KEY, ORIGIN_KEY] = [0, 1, 2, 3, 4, 5, 6];
const [ANNOUNCEMENTS_KEY, WITHDRAWALS_KEY, RAW_KEY] = [7, 8, 9];
const UNKNOWN_KEY = -1;
const NO_KEY = -2;
const REQUIRED = (1 << TIMESTAMP_KEY!) | (1 << PEER_KEY!) | (1 << PEER_ASN_KEY!) | (1 << TYPE_KEY!);

/**
 * Reads RIS Live's UPDATE messages straight from their bytes, without building objects. It knows only the usual spelling:
 * `scan` gives up at anything else (escapes, exponents, unknown structures, keys twice, bad values), and the caller then
 * goes by JSON.parse. What it takes, it takes exactly as that would.
 */
export class RisLiveScanner extends JsonScanner {
  #into!: UpdateBatchBuilder;
  /** The key that came last after each key (and, at the end, first): mostly the next one again. */
  readonly #follows = new Int8Array(KEYS.length + 1);

  #timeMs = 0;
  #peerStart = 0;
  #peerEnd = 0;
  #peerAddress = 0;
  #peerAs = 0;
  #size = 0;
  #origin = NO_ORIGIN;
  #path = NONE;

  /** @returns the message's time in ms once it is in the builder; -1, with the builder as before, when it gives up */
  scan(bytes: Uint8Array, end: number, into: UpdateBatchBuilder): number {
    this.open(bytes, end);
    this.#into = into;
    into.begin();
    if (this.#message() && this.#timeMs <= into.latestTime) {
      const peer = into.peer(this.#peerAddress, this.#peerAs);
      into.commitUpdate(this.#timeMs, peer, this.#size, this.#origin, this.#path);
      return this.#timeMs;
    }
    into.rollback();
    return -1;
  }

  #asNumber(): boolean {
    return this.number() && this.value <= 0xffffffff;
  }

  /** AS 0 makes a message bad, which goes the long way. */
  #hop(): boolean {
    return this.number() && this.value <= 0xffffffff && this.value !== NOBODY;
  }

  #message(): boolean {
    if (!this.word(BEGINNING)) {
      if (!(this.is(OPEN) && this.word(TYPE) && this.is(COLON) && this.word(RIS_MESSAGE))) return false;
      if (!(this.is(COMMA) && this.word(DATA) && this.is(COLON) && this.is(OPEN))) return false;
    }
    this.#size = 0;
    this.#origin = NO_ORIGIN;
    this.#path = NONE;
    this.#peerStart = 0;
    this.#peerEnd = 0;
    let seen = 0;
    let before = KEYS.length;
    do {
      let key = this.#follows[before]!;
      if (!this.#keyIs(key)) {
        key = this.#anyKey();
        if (key === NO_KEY) return false;
        if (key === UNKNOWN_KEY) {
          if (!this.scalar()) return false;
          continue;
        }
        this.#follows[before] = key;
      }
      before = key;
      if (seen & (1 << key)) return false;
      seen |= 1 << key;
      if (!this.#field(key)) return false;
    } while (this.is(COMMA));
    if (!(this.is(CLOSE) && this.is(CLOSE))) return false;
    this.spaces();
    return this.at === this.end && (seen & REQUIRED) === REQUIRED;
  }

  /** Whether this key and its colon come next, without a space; only then they are behind afterwards. */
  #keyIs(key: number): boolean {
    const name = KEYS_WITH_COLON[key]!;
    if (!this.standsAt(this.at, name)) return false;
    this.at += name.length;
    return true;
  }

  /** Any key and its colon. @returns NO_KEY when it is none */
  #anyKey(): number {
    const end = this.string();
    if (end < 0) return NO_KEY;
    const quote = this.stringStart - 1;
    if (!this.is(COLON)) return NO_KEY;
    // closed by its quote, a key that another begins with is not taken for it
    for (let key = 0; key < KEYS.length; key++) if (this.standsAt(quote, KEYS[key]!)) return key;
    return UNKNOWN_KEY;
  }

  #field(key: number): boolean {
    switch (key) {
      case TIMESTAMP_KEY:
        return this.#timestamp();
      case PEER_KEY:
        return this.#readPeer();
      case PEER_ASN_KEY:
        return this.#peerNumber();
      case TYPE_KEY:
        return this.word(UPDATE);
      case PATH_KEY:
        return this.#readPath();
      case COMMUNITY_KEY:
        return this.listsOfNumbers();
      case ORIGIN_KEY:
        return this.#readOrigin();
      case ANNOUNCEMENTS_KEY:
        return this.#announcements();
      case WITHDRAWALS_KEY:
        return this.#prefixes(true, NONE);
      case RAW_KEY: {
        const end = this.hexadecimal();
        this.#size = (end - this.stringStart) >> 1;
        return end >= 0;
      }
      default:
        return this.scalar();
    }
  }

  #readPeer(): boolean {
    this.#peerEnd = this.string();
    this.#peerStart = this.stringStart;
    if (this.#peerEnd < 0) return false;
    const shape = parseAddress(this.bytes, this.#peerStart, this.#peerEnd, this.#into.words);
    if (shape >= 0) this.#peerAddress = this.#into.address(shape);
    return shape >= 0;
  }

  /** The next hop is mostly the peer itself. @returns its index, -1 when the text is no address */
  #nextHop(start: number, end: number): number {
    const bytes = this.bytes;
    const peer = this.#peerStart;
    if (end - start === this.#peerEnd - peer) {
      let at = start;
      while (at < end && bytes[at] === bytes[peer + at - start]) at++;
      if (at === end) return this.#peerAddress;
    }
    const shape = parseAddress(bytes, start, end, this.#into.words);
    return shape < 0 ? -1 : this.#into.address(shape);
  }

  /** Seconds with at most three digits after the point: more would round as floating point does. */
  #timestamp(): boolean {
    if (!this.number() || this.value < EARLIEST_SECONDS || this.value > LATEST_SECONDS) return false;
    const bytes = this.bytes;
    let timeMs = this.value * 1000;
    if (bytes[this.at] === DOT) {
      let at = this.at + 1;
      let weight = 100;
      for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++, weight /= 10) {
        if (weight < 1) return false;
        timeMs += (bytes[at]! - ZERO) * weight;
      }
      if (at === this.at + 1) return false;
      this.at = at;
    }
    this.#timeMs = timeMs;
    return true;
  }

  /** A string of digits, leading zeros too, or a number. */
  #peerNumber(): boolean {
    this.spaces();
    if (this.bytes[this.at] !== QUOTE) {
      if (!this.#asNumber()) return false;
      this.#peerAs = this.value;
      return true;
    }
    const end = this.string();
    const start = this.stringStart;
    if (end < 0 || end === start || end - start > 10) return false;
    let as = 0;
    for (let at = start; at < end; at++) {
      const digit = this.bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return false;
      as = as * 10 + digit;
    }
    this.#peerAs = as;
    return as <= 0xffffffff;
  }

  #readOrigin(): boolean {
    const end = this.string();
    if (end < 0) return false;
    const bytes = this.bytes;
    const start = this.stringStart;
    // lower-case letters tell the three apart; anything else goes the long way and is refused there
    const first = bytes[start]! | 0x20;
    if (end - start === 3 && (bytes[start + 1]! | 0x20) === 0x67 && (bytes[start + 2]! | 0x20) === 0x70) {
      this.#origin = first === 0x69 ? ORIGIN_IGP : ORIGIN_EGP;
      return first === 0x69 || first === 0x65;
    }
    let text = '';
    for (let at = start; at < end && at < start + 11; at++) text += String.fromCharCode(bytes[at]!);
    this.#origin = ORIGIN_INCOMPLETE;
    return text.toLowerCase() === 'incomplete';
  }

  #readPath(): boolean {
    if (!this.is(OPEN_LIST)) return false;
    const { paths } = this.#into;
    if (!this.#plainHops() && (paths.open > 0 || !this.is(CLOSE_LIST))) {
      do {
        if (this.#hop()) paths.push(this.value, 0);
        else if (this.bytes[this.at] !== OPEN_LIST || !this.#set()) return false;
      } while (this.is(COMMA));
      if (!this.is(CLOSE_LIST) || paths.open > MAXIMUM_ENTRIES) return false;
    }
    this.#path = paths.close();
    return true;
  }

  /**
   * Hops of a list without spaces and sets, as far as there are such.
   * @returns whether the list ends behind them
   */
  #plainHops(): boolean {
    const { bytes } = this;
    const { paths } = this.#into;
    let at = this.at;
    for (;;) {
      let digit = bytes[at]! - ZERO;
      if (!(digit >= 1 && digit <= 9)) return false;
      let hop = 0;
      for (; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) hop = hop * 10 + digit;
      const behind = bytes[at++];
      const ends = behind === CLOSE_LIST;
      if (at - this.at > 11 || hop > 0xffffffff || !(ends || behind === COMMA) || at > this.end) return false;
      if (ends && paths.open >= MAXIMUM_ENTRIES) return false;
      paths.push(hop, 0);
      this.at = at;
      if (ends) return true;
    }
  }

  #set(): boolean {
    this.at++;
    let mark = SET | START;
    do {
      if (!this.#hop()) return false;
      this.#into.paths.push(this.value, mark);
      mark = SET;
    } while (this.is(COMMA));
    return this.is(CLOSE_LIST);
  }

  #announcements(): boolean {
    if (!this.is(OPEN_LIST)) return false;
    if (this.is(CLOSE_LIST)) return true;
    do {
      if (!(this.is(OPEN) && this.word(NEXT_HOP) && this.is(COLON))) return false;
      const end = this.string();
      if (end < 0) return false;
      let comma = this.stringStart;
      while (comma < end && this.bytes[comma] !== COMMA) comma++;
      const nextHop = this.#nextHop(this.stringStart, comma);
      if (nextHop < 0) return false;
      if (!(this.is(COMMA) && this.word(PREFIXES) && this.is(COLON))) return false;
      if (!(this.#prefixes(false, nextHop) && this.is(CLOSE))) return false;
    } while (this.is(COMMA));
    return this.is(CLOSE_LIST);
  }

  #prefixes(withdrawn: boolean, nextHop: number): boolean {
    if (!this.is(OPEN_LIST)) return false;
    if (this.is(CLOSE_LIST)) return true;
    const into = this.#into;
    do {
      if (!this.is(QUOTE)) return false;
      const shape = this.#ipv4Prefix() ?? this.#anyPrefix();
      if (shape < 0) return false;
      const prefix = into.prefix(shape);
      if (withdrawn) into.withdraw(prefix, 0);
      else into.announce(prefix, nextHop, 0);
    } while (this.is(COMMA));
    return into.openAnnounced + into.openWithdrawn <= MAXIMUM_ENTRIES && this.is(CLOSE_LIST);
  }

  /** a.b.c.d/n and its closing quote in one pass, words filled. @returns its shape; null when it is something else */
  #ipv4Prefix(): number | null {
    const bytes = this.bytes;
    let at = this.at;
    let address = 0;
    for (let part = 0; part < 5; part++) {
      const start = at;
      let value = 0;
      for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
        value = value * 10 + digit;
      }
      const digits = at - start;
      if (digits === 0 || digits > 3 || value > 255) return null;
      if (part === 4) {
        if (value > 32 || bytes[at] !== QUOTE || at >= this.end) return null;
        this.#into.words[0] = address;
        maskWords(value, this.#into.words);
        this.at = at + 1;
        return value;
      }
      address = address * 256 + value;
      if (bytes[at++] !== (part === 3 ? SLASH : DOT)) return null;
    }
    return null;
  }

  /** Any other prefix; the opening quote is behind. */
  #anyPrefix(): number {
    this.at--;
    const end = this.string();
    return end < 0 ? -1 : parsePrefix(this.bytes, this.stringStart, end, this.#into.words);
  }
}
