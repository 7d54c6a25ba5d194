/**
 * Scans one RIS Live message that the caller has put at INPUT. It knows only the usual spelling and gives up at
 * anything else: escapes, exponents, unknown structures, keys twice, bad values.
 */
import { announcements, begin, finish, origin, path, peer, peerAs, prefixes, raw, timestamp } from './fields';
import { behind, CLOSE, COLON, COMMA, listsOfNumbers, OPEN, QUOTE, scalar, spaces, stringEnd } from './json';
import { INPUT } from './layout';
import { isWhole, laid, lengthOf, stands } from './text';

export { BYTES, ELEMENTS, HEAD, HOPS, INPUT, LONGEST, MARKS, NEXT_HOPS } from './layout';

/** Keys of an update; each may appear once. The last two say nothing here. */
const TIMESTAMP = laid('"timestamp":');
const PEER = laid('"peer":');
const PEER_ASN = laid('"peer_asn":');
const TYPE = laid('"type":');
const PATH = laid('"path":');
const COMMUNITY = laid('"community":');
const ORIGIN = laid('"origin":');
const ANNOUNCEMENTS = laid('"announcements":');
const WITHDRAWALS = laid('"withdrawals":');
const RAW = laid('"raw":');
const ID = laid('"id":');
const HOST = laid('"host":');
const REQUIRED = (1 << TIMESTAMP) | (1 << PEER) | (1 << PEER_ASN) | (1 << TYPE);
const UNKNOWN: i32 = -1;

const UPDATE = laid('"UPDATE"');
const MESSAGE = laid('"ris_message"');
const DATA = laid('"data"');
const BEGINNING = laid('{"type":"ris_mes');
const BEGINNING_END = laid('sage","data":{');

/** The key that came last after each key (and, at 31, first): mostly the next one again. */
const FOLLOWS: usize = memory.data(32);
const FIRST: i32 = 31;
let key: i32 = 0;

/** @returns 1 when the message is an update and lies in memory as ./layout says; 0 when it gave up */
export function scan(length: i32): i32 {
  v128.store(INPUT + <usize>length, i64x2.splat(0));
  let at = beginning(INPUT);
  if (at === 0) return 0;
  begin();
  let seen = 0;
  let before = FIRST;
  for (;;) {
    const likely = <i32>load<u8>(FOLLOWS + before);
    if (stands(likely, at)) {
      key = likely;
      at += lengthOf(likely);
    } else {
      at = anyKey(at);
      if (at === 0) return 0;
    }
    if (key === UNKNOWN) at = scalar(at);
    else {
      if (seen & (1 << key)) return 0;
      seen |= 1 << key;
      store<u8>(FOLLOWS + before, key);
      before = key;
      at = field(at);
    }
    if (at === 0) return 0;
    const next = behind(COMMA, at);
    if (next === 0) break;
    at = next;
  }
  at = behind(CLOSE, at);
  at = at === 0 ? 0 : behind(CLOSE, at);
  if (at === 0 || spaces(at) !== INPUT + <usize>length || (seen & REQUIRED) !== REQUIRED) return 0;
  finish();
  return 1;
}

function beginning(at: usize): usize {
  if (stands(BEGINNING, at) && stands(BEGINNING_END, at + 16)) return at + 16 + lengthOf(BEGINNING_END);
  at = behind(OPEN, at);
  if (at === 0) return 0;
  at = spaces(at);
  // its colon is a part of the key's text, before which a space may be
  if (!stands(TYPE, at)) return 0;
  at = word(at + lengthOf(TYPE), MESSAGE);
  at = at === 0 ? 0 : behind(COMMA, at);
  at = at === 0 ? 0 : word(at, DATA);
  at = at === 0 ? 0 : behind(COLON, at);
  return at === 0 ? 0 : behind(OPEN, at);
}

function word(at: usize, text: i32): usize {
  at = spaces(at);
  return stands(text, at) ? at + lengthOf(text) : 0;
}

/** Any key and its colon, into `key`. */
function anyKey(at: usize): usize {
  const start = behind(QUOTE, at);
  if (start === 0) return 0;
  const end = stringEnd(start);
  if (end === 0) return 0;
  key = UNKNOWN;
  // the quotes are compared too: a key that another begins with is not taken for it
  for (let known = TIMESTAMP; known <= HOST; known++) if (isWhole(known, start - 1, end + 1, 1)) key = known;
  return behind(COLON, end + 1);
}

function field(at: usize): usize {
  if (key === TIMESTAMP) return timestamp(at);
  if (key === PEER) return peer(at);
  if (key === PEER_ASN) return peerAs(at);
  if (key === TYPE) return word(at, UPDATE);
  if (key === PATH) return path(at);
  if (key === COMMUNITY) return listsOfNumbers(at);
  if (key === ORIGIN) return origin(at);
  if (key === ANNOUNCEMENTS) return announcements(at);
  if (key === WITHDRAWALS) return prefixes(at, -1);
  if (key === RAW) return raw(at);
  return scalar(at);
}
