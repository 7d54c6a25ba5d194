import type { AttributePlace } from './asPathAttribute.js';
import { NO_ORIGIN } from './batchColumns.js';

const ORIGIN = 1;
const AS_PATH = 2;
const NEXT_HOP = 3;
const AGGREGATOR = 7;
const COMMUNITIES = 8;
const MP_REACH_NLRI = 14;
const MP_UNREACH_NLRI = 15;
const AS4_PATH = 17;
const AS4_AGGREGATOR = 18;
const LARGE_COMMUNITY = 32;
const EXTENDED_LENGTH = 0x10;
const AS_TRANS = 23456;

/**
 * The path attributes of an UPDATE or of a table dump's entry (RFC 4271, 4.3): where their values are, `at` -1 for those
 * that are not there. One object for all messages: its places are those of the message read last.
 */
export class PathAttributes {
  origin = NO_ORIGIN;
  readonly path: AttributePlace = { at: -1, end: -1 };
  readonly as4Path: AttributePlace = { at: -1, end: -1 };
  readonly nextHop: AttributePlace = { at: -1, end: -1 };
  readonly reach: AttributePlace = { at: -1, end: -1 };
  readonly unreach: AttributePlace = { at: -1, end: -1 };
  readonly communities: AttributePlace = { at: -1, end: -1 };
  readonly largeCommunities: AttributePlace = { at: -1, end: -1 };
  /** An aggregator that knows no 4-byte numbers has made AS4_PATH stale (RFC 6793, 4.2.3). */
  ignoresAs4Path = false;
  /** The routes count as withdrawn (RFC 7606). */
  malformed = false;

  /** Reads bytes[start, end); the first of a kind counts (RFC 7606, 3g). */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.origin = NO_ORIGIN;
    this.path.at = -1;
    this.as4Path.at = -1;
    this.nextHop.at = -1;
    this.reach.at = -1;
    this.unreach.at = -1;
    this.communities.at = -1;
    this.largeCommunities.at = -1;
    this.ignoresAs4Path = false;
    this.malformed = false;
    let aggregatorAs = AS_TRANS;
    let hasAs4Aggregator = false;
    let at = start;
    while (at < end) {
      const flags = bytes[at]!;
      const extended = (flags & EXTENDED_LENGTH) !== 0;
      const value = at + (extended ? 4 : 3);
      if (value > end) break;
      const type = bytes[at + 1]!;
      const length = extended ? (bytes[at + 2]! << 8) | bytes[at + 3]! : bytes[at + 2]!;
      const valueEnd = value + length;
      if (valueEnd > end) break;
      switch (type) {
        case ORIGIN:
          if (length !== 1 || bytes[value]! > 2) this.malformed = true;
          else if (this.origin === NO_ORIGIN) this.origin = bytes[value]!;
          break;
        case AS_PATH:
          note(this.path, value, valueEnd);
          break;
        case NEXT_HOP:
          if (length !== 4) this.malformed = true;
          else note(this.nextHop, value, valueEnd);
          break;
        case AGGREGATOR:
          // one of AS 0 is malformed (RFC 7607), and a malformed one is discarded (RFC 7606, 7.7): the routes stand
          if (length === 6) aggregatorAs = (bytes[value]! << 8) | bytes[value + 1]!;
          break;
        case MP_REACH_NLRI:
          note(this.reach, value, valueEnd);
          break;
        case MP_UNREACH_NLRI:
          note(this.unreach, value, valueEnd);
          break;
        case AS4_PATH:
          note(this.as4Path, value, valueEnd);
          break;
        case COMMUNITIES:
          note(this.communities, value, valueEnd);
          break;
        case LARGE_COMMUNITY:
          note(this.largeCommunities, value, valueEnd);
          break;
        case AS4_AGGREGATOR:
          hasAs4Aggregator = true;
          break;
        default:
      }
      at = valueEnd;
    }
    if (at !== end) this.malformed = true;
    this.ignoresAs4Path = hasAs4Aggregator && aggregatorAs !== AS_TRANS;
  }
}

function note(place: AttributePlace, at: number, end: number): void {
  if (place.at >= 0) return;
  place.at = at;
  place.end = end;
}
