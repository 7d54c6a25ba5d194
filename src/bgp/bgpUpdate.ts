import { hasHostBits, readsWithPathIds } from './addPathSigns.js';
import { IPV4_ADDRESS, IPV6_ADDRESS, IPV6_SHAPE } from './address.js';
import { type AttributePlace, pushPath, word } from './asPathAttribute.js';
import { NO_ORIGIN, NONE } from './batchColumns.js';
import { type Communities, readCommunities } from './communities.js';
import { PathAttributes } from './pathAttributes.js';
import type { UpdateBatchBuilder } from './updateBatchBuilder.js';

/** How the fields of a message are encoded, which the message itself does not say. */
export interface UpdateEncoding {
  /** AS numbers of AS_PATH take four bytes (RFC 6793) instead of two. */
  as4: boolean;
  /** Prefixes are preceded by a path identifier (RFC 7911). */
  addPath: boolean;
}

const AFI_IPV4 = 1;
const AFI_IPV6 = 2;
const SAFI_UNICAST = 1;

const NOWHERE: AttributePlace = { at: -1, end: -1 };

/** What the decoder counts besides routes. */
export interface UpdateCounts {
  /** Messages whose announcements were treated as withdrawals (RFC 7606). */
  treatedAsWithdraw: number;
  /** MP attributes of other families than IPv4 and IPv6 unicast: passed over. */
  otherFamilies: number;
  /** Lists of prefixes with path identifiers (RFC 7911) in messages that are said to have none. */
  unsaidPathIds: number;
}

/** Called with the communities of each message that announces and has some, by its index in the batch. */
export type OnCommunities = (message: number, communities: Communities) => void;

/**
 * Decodes BGP UPDATE bodies (RFC 4271, 4.3; RFC 4760) into a batch. Damaged attributes make the message's routes
 * withdrawals (RFC 7606); damaged prefixes, of which nothing is sure, make the whole message bad.
 */
export class BgpUpdateDecoder {
  readonly #into: UpdateBatchBuilder;
  readonly #counts: UpdateCounts;

  readonly #attributes = new PathAttributes();
  #nextHop = NONE;
  /** Prefixes of the list read last that look as if they were none. */
  #strange = 0;

  readonly #onCommunities: OnCommunities | undefined;

  /** @param onCommunities communities are decoded only where it is given: no feature is made of them */
  constructor(into: UpdateBatchBuilder, counts: UpdateCounts, onCommunities?: OnCommunities) {
    this.#into = into;
    this.#counts = counts;
    this.#onCommunities = onCommunities;
  }

  #tellCommunities(bytes: Uint8Array): void {
    if (this.#onCommunities === undefined || this.#into.openAnnounced === 0) return;
    const communities = readCommunities(bytes, this.#attributes.communities, this.#attributes.largeCommunities);
    if (communities !== null) this.#onCommunities(this.#into.messages, communities);
  }

  /**
   * Decodes what follows the BGP header: bytes[start, end).
   * @param size bytes of the message with its header
   * @returns null, or why nothing was taken
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    encoding: UpdateEncoding,
    timeMs: number,
    peer: number,
    size: number,
  ): string | null {
    const into = this.#into;
    into.begin();
    if (start + 4 > end) return this.#bad('UPDATE is too short');
    const withdrawnEnd = start + 2 + ((bytes[start]! << 8) | bytes[start + 1]!);
    if (withdrawnEnd + 2 > end) return this.#bad('withdrawn routes exceed the UPDATE');
    const attributes = withdrawnEnd + 2;
    const attributesEnd = attributes + ((bytes[withdrawnEnd]! << 8) | bytes[withdrawnEnd + 1]!);
    if (attributesEnd > end) return this.#bad('path attributes exceed the UPDATE');
    const withdrawn = this.#prefixes(bytes, start + 2, withdrawnEnd, AFI_IPV4, encoding.addPath, true, NONE);
    if (withdrawn !== null) return this.#bad(withdrawn);
    this.#readAttributes(bytes, attributes, attributesEnd);
    if (this.#attributes.unreach.at >= 0) {
      const unreach = this.#multiprotocolUnreach(bytes, encoding.addPath);
      if (unreach !== null) return this.#bad(unreach);
    }
    const announced = this.#prefixes(bytes, attributesEnd, end, AFI_IPV4, encoding.addPath, false, this.#nextHop);
    if (announced !== null) return this.#bad(announced);
    const plain = into.openAnnounced > 0;
    if (this.#attributes.reach.at >= 0) {
      const reach = this.#multiprotocolReach(bytes, encoding.addPath);
      if (reach !== null) return this.#bad(reach);
    }
    const path = this.#finishPath(bytes, encoding.as4, plain);
    this.#tellCommunities(bytes);
    into.commitUpdate(timeMs, peer, size, this.#attributes.origin, path);
    return null;
  }

  /**
   * Decodes the attributes of a table dump's entry and announces its prefix.
   * @param abbreviated MP_REACH_NLRI holds only the next hop (RFC 6396, 4.3.4)
   * @param originated when the route was, seconds
   * @param prefix its index in the batch
   * @param likely a path of the batch that the entry may have, -1 for none
   * @returns the path, NONE if missing
   */
  decodeEntry(
    bytes: Uint8Array,
    start: number,
    end: number,
    encoding: { as4: boolean; abbreviated: boolean },
    seconds: number,
    originated: number,
    peer: number,
    prefix: number,
    pathId: number,
    likely = -1,
  ): number {
    const into = this.#into;
    into.begin();
    this.#readAttributes(bytes, start, end);
    let nextHop = this.#nextHop;
    const { reach, origin } = this.#attributes;
    if (reach.at >= 0) {
      let { at } = reach;
      // some writers give the whole attribute, which starts with the family's zero byte
      if (!encoding.abbreviated || bytes[at] === 0) at += 3;
      nextHop = this.#readNextHop(bytes, at + 1, Math.min(at + 1 + (bytes[at] ?? 0), reach.end));
    }
    into.announce(prefix, nextHop, pathId);
    const path = this.#finishPath(bytes, encoding.as4, false, likely);
    this.#tellCommunities(bytes);
    into.commitRibEntry(seconds * 1000, peer, origin, path, Math.max(0, seconds - originated));
    return path;
  }

  #bad(reason: string): string {
    this.#into.rollback();
    return reason;
  }

  #finishPath(bytes: Uint8Array, as4: boolean, needsNextHop: boolean, likely = -1): number {
    const into = this.#into;
    const announces = into.openAnnounced > 0;
    const { path: said, as4Path, ignoresAs4Path, origin } = this.#attributes;
    let { malformed } = this.#attributes;
    let path = NONE;
    if (said.at >= 0 && announces) {
      if (likely >= 0 && as4 && into.paths.isSaid(likely, bytes, said.at, said.end)) path = likely;
      else if (pushPath(bytes, as4, said, ignoresAs4Path ? NOWHERE : as4Path, into.paths)) path = into.paths.close();
      else {
        into.paths.drop();
        malformed = true;
      }
    }
    const missing = path === NONE || origin === NO_ORIGIN || (needsNextHop && this.#nextHop === NONE);
    if (announces && (malformed || missing)) {
      this.#counts.treatedAsWithdraw++;
      into.treatAsWithdraw();
    }
    return path;
  }

  #readAttributes(bytes: Uint8Array, start: number, end: number): void {
    this.#attributes.read(bytes, start, end);
    const { at, end: nextHopEnd } = this.#attributes.nextHop;
    this.#nextHop = at < 0 ? NONE : this.#readNextHop(bytes, at, nextHopEnd);
  }

  #readNextHop(bytes: Uint8Array, at: number, end: number): number {
    const { words } = this.#into;
    const length = end - at;
    if (length === 4) {
      words[0] = word(bytes, at);
      return this.#into.address(IPV4_ADDRESS);
    }
    // global, or global and link-local (RFC 2545, 3)
    if (length === 16 || length === 32) {
      for (let i = 0; i < 4; i++) words[i] = word(bytes, at + i * 4);
      return this.#into.address(IPV6_ADDRESS);
    }
    return NONE;
  }

  #multiprotocolReach(bytes: Uint8Array, addPath: boolean): string | null {
    const { at, end } = this.#attributes.reach;
    if (at + 5 > end) return 'MP_REACH_NLRI is too short';
    const afi = (bytes[at]! << 8) | bytes[at + 1]!;
    if ((afi !== AFI_IPV4 && afi !== AFI_IPV6) || bytes[at + 2] !== SAFI_UNICAST) {
      this.#counts.otherFamilies++;
      return null;
    }
    const nextHopEnd = at + 4 + bytes[at + 3]!;
    if (nextHopEnd + 1 > end) return 'next hop exceeds MP_REACH_NLRI';
    const nextHop = this.#readNextHop(bytes, at + 4, nextHopEnd);
    // one reserved byte follows the next hop
    return this.#prefixes(bytes, nextHopEnd + 1, end, afi, addPath, false, nextHop);
  }

  #multiprotocolUnreach(bytes: Uint8Array, addPath: boolean): string | null {
    const { at, end } = this.#attributes.unreach;
    if (at + 3 > end) return 'MP_UNREACH_NLRI is too short';
    const afi = (bytes[at]! << 8) | bytes[at + 1]!;
    if ((afi !== AFI_IPV4 && afi !== AFI_IPV6) || bytes[at + 2] !== SAFI_UNICAST) {
      this.#counts.otherFamilies++;
      return null;
    }
    return this.#prefixes(bytes, at + 3, end, afi, addPath, true, NONE);
  }

  /**
   * Takes a list of prefixes. Some collectors write those of ADD-PATH sessions into records without ADD-PATH; read as
   * they are said to be they would be other prefixes, mostly a default route among them.
   */
  #prefixes(
    bytes: Uint8Array,
    start: number,
    end: number,
    afi: number,
    addPath: boolean,
    withdrawn: boolean,
    nextHop: number,
  ): string | null {
    const into = this.#into;
    const announcedBefore = into.openAnnounced;
    const withdrawnBefore = into.openWithdrawn;
    this.#strange = 0;
    const reason = this.#readPrefixes(bytes, start, end, afi, addPath, withdrawn, nextHop);
    if (addPath || (reason === null && this.#strange < 2)) return reason;
    if (!readsWithPathIds(bytes, start, end, afi === AFI_IPV4)) return reason;
    into.rewind(withdrawnBefore, announcedBefore);
    this.#counts.unsaidPathIds++;
    return this.#readPrefixes(bytes, start, end, afi, true, withdrawn, nextHop);
  }

  #readPrefixes(
    bytes: Uint8Array,
    start: number,
    end: number,
    afi: number,
    addPath: boolean,
    withdrawn: boolean,
    nextHop: number,
  ): string | null {
    const into = this.#into;
    const { words } = into;
    let at = start;
    while (at < end) {
      let pathId = 0;
      if (addPath) {
        if (at + 5 > end) return 'path identifier exceeds the prefixes';
        pathId = word(bytes, at);
        at += 4;
      }
      const length = bytes[at++]!;
      const size = (length + 7) >> 3;
      if (length > (afi === AFI_IPV4 ? 32 : 128)) return `prefix length ${length}`;
      if (at + size > end) return 'prefix exceeds its field';
      let prefix: number;
      if (afi === AFI_IPV4) {
        words[0] = partOfWord(bytes, at, size);
        prefix = into.maskedPrefix(length);
      } else {
        for (let i = 0; i < 4; i++) words[i] = partOfWord(bytes, at + i * 4, size - i * 4);
        prefix = into.maskedPrefix(IPV6_SHAPE + length);
      }
      // a default route beside others is hardly what the sender meant; bits behind the length may be sloppy once
      if (length === 0) this.#strange += end - start > 1 ? 2 : 0;
      else if (hasHostBits(bytes, at + size, length)) this.#strange++;
      at += size;
      if (withdrawn) into.withdraw(prefix, pathId);
      else into.announce(prefix, nextHop, pathId);
    }
    return null;
  }
}

/** A word of which only `size` bytes are there; the rest are 0. Signed: larger numbers would cost an object each. */
function partOfWord(bytes: Uint8Array, at: number, size: number): number {
  if (size >= 4) return word(bytes, at) | 0;
  if (size === 3) return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8);
  if (size === 2) return (bytes[at]! << 24) | (bytes[at + 1]! << 16);
  return size === 1 ? bytes[at]! << 24 : 0;
}
