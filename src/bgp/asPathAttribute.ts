import { CONFEDERATION_SEQUENCE, CONFEDERATION_SET, SEQUENCE, SET, START } from './asPath.js';
import type { PathDictionary } from './pathDictionary.js';

/** Where an attribute's value is; `at` -1 where the message has none. */
export interface AttributePlace {
  at: number;
  end: number;
}

/** Segment types of RFC 4271, 4.3 and RFC 5065, 3 to marks. */
const SEGMENT_MARK = [-1, SET, SEQUENCE, CONFEDERATION_SEQUENCE, CONFEDERATION_SET];

/** AS 0 is nobody's: RFC 7607, 2 has a message that names it treated as malformed. */
export const NOBODY = 0;

/**
 * Writes the hops of AS_PATH, merged with AS4_PATH (RFC 6793, 4.2.3), to the dictionary's open path.
 * @param as4 AS numbers of AS_PATH take four bytes; then AS4_PATH means nothing
 * @returns whether AS_PATH is well formed and no path names AS 0
 */
export function pushPath(
  bytes: Uint8Array,
  as4: boolean,
  path: AttributePlace,
  as4Path: AttributePlace,
  paths: PathDictionary,
): boolean {
  const { at, end } = path;
  const width = as4 ? 4 : 2;
  const length = pathLength(bytes, at, end, width);
  if (length < 0) return false;
  if (as4 || as4Path.at < 0) return pushSegments(bytes, at, end, width, length, paths);
  const as4Length = pathLength(bytes, as4Path.at, as4Path.end, 4);
  // RFC 6793, 4.2.3 and 6: a malformed or longer AS4_PATH is ignored
  if (as4Length < 0 || as4Length > length) return pushSegments(bytes, at, end, 2, length, paths);
  // the hops that AS4_PATH takes the place of count for AS 0 too
  const sound = pushSegments(bytes, at, end, 2, length, paths);
  paths.drop();
  pushSegments(bytes, at, end, 2, length - as4Length, paths);
  return pushSegments(bytes, as4Path.at, as4Path.end, 4, as4Length, paths) && sound;
}

/**
 * Pushes the first `count` hops (a set is one; confederation segments are none) of well-formed segments.
 * @returns false when one of them is AS 0
 */
function pushSegments(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: 2 | 4,
  count: number,
  paths: PathDictionary,
): boolean {
  let left = count;
  let sound = true;
  for (let at = start; at < end; ) {
    const kind = SEGMENT_MARK[bytes[at]!]!;
    const hops = bytes[at + 1]!;
    at += 2;
    let take = hops;
    if (kind === SEQUENCE) {
      take = Math.min(hops, left);
      left -= take;
    } else if (kind === SET) {
      if (left === 0) take = 0;
      else left--;
    }
    for (let i = 0; i < take; i++) {
      const hopAt = at + i * width;
      const hop = width === 4 ? word(bytes, hopAt) : (bytes[hopAt]! << 8) | bytes[hopAt + 1]!;
      if (hop === NOBODY) sound = false;
      paths.push(hop, kind !== SEQUENCE && i === 0 ? kind | START : kind);
    }
    at += hops * width;
  }
  return sound;
}

/** 32 bits, highest byte first. */
export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Hops of an AS path (a set is one, confederation segments are none), -1 when it is malformed (RFC 7606, 7.2). */
function pathLength(bytes: Uint8Array, start: number, end: number, width: 2 | 4): number {
  let length = 0;
  let at = start;
  while (at < end) {
    const type = bytes[at]!;
    if (at + 2 > end || type < 1 || type > 4) return -1;
    const hops = bytes[at + 1]!;
    at += 2 + hops * width;
    if (hops === 0 || at > end) return -1;
    const kind = SEGMENT_MARK[type]!;
    if (kind === SEQUENCE) length += hops;
    else if (kind === SET) length++;
  }
  return length;
}
