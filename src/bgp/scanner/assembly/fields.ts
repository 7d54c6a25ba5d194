/** The fields of a RIS Live update, each into its place in memory. As in ./json, each function returns where it ends. */
import { address, prefix, shape, textEnd, word } from './address';
import {
  behind,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  DOT,
  number,
  OPEN,
  OPEN_LIST,
  QUOTE,
  spaces,
  string,
  stringEnd,
  value,
  ZERO,
} from './json';
import { ABSENT, ELEMENTS, HEAD, HOPS, MARKS, MOST_ENTRIES, MOST_NEXT_HOPS, NEXT_HOPS, PEER } from './layout';
import { laid, lengthOf, stands } from './text';

/** 1990 to 2100: a time outside is damage, not history. */
const EARLIEST_SECONDS: u64 = 631_152_000;
const LATEST_SECONDS: u64 = 4_102_444_799;
const HIGHEST_AS: u64 = 0xffffffff;
/** ORIGIN codes of RFC 4271, 5.1.1; the last where none is said. */
const IGP: u32 = 0;
const EGP: u32 = 1;
const INCOMPLETE: u32 = 2;
const NO_ORIGIN: u32 = 3;
/** Marks of a hop, as in ../../asPath.ts. */
const SET: u8 = 1;
const START: u8 = 4;

const NEXT_HOP = laid('{"next_hop":"');
const NEXT_HOP_KEY = laid('"next_hop"');
const PREFIXES = laid(',"prefixes":["');
const PREFIXES_KEY = laid('"prefixes"');
const IGP_TEXT = laid('igp');
const EGP_TEXT = laid('egp');
const INCOMPLETE_TEXT = laid('incomplete');
const SMALL: usize = memory.data(16);

let peerStart: usize = 0;
let peerEnd: usize = 0;
let hops: i32 = 0;
let elements: i32 = 0;
let nextHops: i32 = 0;

export function begin(): void {
  peerStart = 0;
  peerEnd = 0;
  elements = 0;
  nextHops = 0;
  store<u32>(HEAD, 0, 24);
  store<u32>(HEAD, NO_ORIGIN, 28);
  store<u32>(HEAD, ABSENT, 32);
}

export function finish(): void {
  store<u32>(HEAD, elements, 36);
  store<u32>(HEAD, nextHops, 40);
}

/** Seconds with at most three digits after the point: more would round as floating point does. */
export function timestamp(at: usize): usize {
  at = number(at);
  if (at === 0 || value < EARLIEST_SECONDS || value > LATEST_SECONDS) return 0;
  let ms = value * 1000;
  if (load<u8>(at) === DOT) {
    const first = ++at;
    let weight: u64 = 100;
    for (let digit = <u32>load<u8>(at) - ZERO; digit <= 9; digit = <u32>load<u8>(++at) - ZERO) {
      ms += digit * weight;
      weight /= 10;
    }
    if (at === first || at - first > 3) return 0;
  }
  store<f64>(HEAD, <f64>ms);
  return at;
}

export function peer(at: usize): usize {
  at = behind(QUOTE, at);
  if (at === 0) return 0;
  const end = stringEnd(at);
  if (end === 0) return 0;
  peerStart = at;
  peerEnd = end;
  address(at, end);
  store<u32>(HEAD, shape, 8);
  store<u32>(HEAD, word, 12);
  store<u32>(HEAD, textEnd, 16);
  return end + 1;
}

/** A string of digits, leading zeros too, or a number. */
export function peerAs(at: usize): usize {
  at = spaces(at);
  if (load<u8>(at) !== QUOTE) {
    at = number(at);
    if (at === 0 || value > HIGHEST_AS) return 0;
    store<u32>(HEAD, <u32>value, 20);
    return at;
  }
  const start = ++at;
  let as: u64 = 0;
  for (let digit = <u32>load<u8>(at) - ZERO; digit <= 9; digit = <u32>load<u8>(++at) - ZERO) as = as * 10 + digit;
  if (at === start || at - start > 10 || as > HIGHEST_AS || load<u8>(at) !== QUOTE) return 0;
  store<u32>(HEAD, <u32>as, 20);
  return at + 1;
}

/** The BGP message in hexadecimal: its length alone counts. */
export function raw(at: usize): usize {
  at = behind(QUOTE, at);
  if (at === 0) return 0;
  const end = stringEnd(at);
  if (end === 0) return 0;
  store<u32>(HEAD, <u32>((end - at) >> 1), 24);
  return end + 1;
}

/** In capitals or not. */
export function origin(at: usize): usize {
  at = behind(QUOTE, at);
  if (at === 0) return 0;
  const end = stringEnd(at);
  if (end === 0) return 0;
  // the bit that makes a letter small makes nothing else a letter
  const small = v128.or(v128.load(at), i8x16.splat(0x20));
  v128.store(SMALL, small);
  let said = NO_ORIGIN;
  if (end - at === 3) {
    if (stands(IGP_TEXT, SMALL)) said = IGP;
    else if (stands(EGP_TEXT, SMALL)) said = EGP;
  } else if (end - at === lengthOf(INCOMPLETE_TEXT) && stands(INCOMPLETE_TEXT, SMALL)) said = INCOMPLETE;
  if (said === NO_ORIGIN) return 0;
  store<u32>(HEAD, said, 28);
  return end + 1;
}

// @ts-ignore: decorator
@inline
function hop(at: usize, mark: u8): usize {
  at = number(at);
  // AS 0 makes a message bad, which goes the long way
  if (at === 0 || value === 0 || value > HIGHEST_AS || hops === MOST_ENTRIES) return 0;
  store<u32>(HOPS + (<usize>hops << 2), <u32>value);
  store<u8>(MARKS + <usize>hops, mark);
  hops++;
  return at;
}

export function path(at: usize): usize {
  hops = 0;
  let next = behind(OPEN_LIST, at);
  if (next === 0) return 0;
  let end = behind(CLOSE_LIST, next);
  if (end === 0) {
    do {
      const set = behind(OPEN_LIST, next);
      at = set === 0 ? hop(next, 0) : members(set);
      if (at === 0) return 0;
      next = behind(COMMA, at);
    } while (next !== 0);
    end = behind(CLOSE_LIST, at);
  }
  store<u32>(HEAD, hops, 32);
  return end;
}

/** Of an AS set; its bracket is behind. */
function members(next: usize): usize {
  let at: usize;
  let mark = SET | START;
  do {
    at = hop(next, mark);
    if (at === 0) return 0;
    mark = SET;
    next = behind(COMMA, at);
  } while (next !== 0);
  return behind(CLOSE_LIST, at);
}

export function announcements(at: usize): usize {
  let next = behind(OPEN_LIST, at);
  if (next === 0) return 0;
  const end = behind(CLOSE_LIST, next);
  if (end !== 0) return end;
  do {
    at = announcement(next);
    if (at === 0) return 0;
    next = behind(COMMA, at);
  } while (next !== 0);
  return behind(CLOSE_LIST, at);
}

function announcement(at: usize): usize {
  if (stands(NEXT_HOP, at)) at += lengthOf(NEXT_HOP);
  else {
    at = keyBehind(behind(OPEN, at), NEXT_HOP_KEY);
    at = at === 0 ? 0 : behind(QUOTE, at);
    if (at === 0) return 0;
  }
  at = nextHop(at);
  if (at === 0) return 0;
  if (stands(PREFIXES, at)) at = prefixesFrom(at + lengthOf(PREFIXES), nextHops - 1);
  else {
    at = keyBehind(behind(COMMA, at), PREFIXES_KEY);
    at = at === 0 ? 0 : prefixes(at, nextHops - 1);
  }
  return at === 0 ? 0 : behind(CLOSE, at);
}

function keyBehind(at: usize, key: i32): usize {
  if (at === 0) return 0;
  at = spaces(at);
  return stands(key, at) ? behind(COLON, at + lengthOf(key)) : 0;
}

/** The first address of a next hop, mostly the peer itself; its quote is behind. */
function nextHop(at: usize): usize {
  const end = stringEnd(at);
  if (end === 0 || nextHops === MOST_NEXT_HOPS) return 0;
  let comma = at;
  while (comma < end && load<u8>(comma) !== COMMA) comma++;
  const to = NEXT_HOPS + (<usize>nextHops << 4);
  nextHops++;
  const length = comma - at;
  if (length === peerEnd - peerStart && length !== 0 && memory.compare(at, peerStart, length) === 0) {
    store<u32>(to, PEER);
    return end + 1;
  }
  address(at, comma);
  store<u32>(to, shape);
  store<u32>(to, word, 4);
  store<u32>(to, textEnd, 8);
  return end + 1;
}

/** @param hop of announced prefixes, -1 of withdrawn ones */
export function prefixes(at: usize, hop: i32): usize {
  at = behind(OPEN_LIST, at);
  if (at === 0) return 0;
  const end = behind(CLOSE_LIST, at);
  if (end !== 0) return end;
  at = behind(QUOTE, at);
  return at === 0 ? 0 : prefixesFrom(at, hop);
}

/** As `prefixes`, from behind the first one's quote. */
function prefixesFrom(at: usize, hop: i32): usize {
  let next: usize;
  do {
    at = prefix(at);
    if (at === 0 || elements === MOST_ENTRIES) return 0;
    const to = ELEMENTS + (<usize>elements << 4);
    elements++;
    store<i32>(to, hop);
    store<u32>(to, shape, 4);
    store<u32>(to, word, 8);
    store<u32>(to, textEnd, 12);
    next = behind(COMMA, ++at);
    if (next === 0) return behind(CLOSE_LIST, at);
    at = behind(QUOTE, next);
  } while (at !== 0);
  return 0;
}
