/** What a message of a batch is. */
export const UPDATE = 1;
export const PEER_STATE = 2;
/** An entry of a routing table dump: a route that was there, not news. One without a prefix says that the dump is whole. */
export const RIB_ENTRY = 3;

/** ORIGIN codes of RFC 4271, 5.1.1; NO_ORIGIN where a message announces nothing. */
export const ORIGIN_IGP = 0;
export const ORIGIN_EGP = 1;
export const ORIGIN_INCOMPLETE = 2;
export const NO_ORIGIN = 3;

/** "None" in the columns that index paths and addresses. */
export const NONE = 0xffffffff;

/** BGP finite state machine, RFC 4271, 8.2.2; 0 is "not said". */
export const ESTABLISHED = 6;
export const IDLE = 1;

/**
 * Columns of a batch. Peers, addresses, prefixes and paths are dictionaries, messages and elements index them. A
 * message's elements follow one another: first its withdrawn prefixes, then its announced ones.
 */
export interface BatchColumns {
  /** [messages] UPDATE, PEER_STATE or RIB_ENTRY */
  kind: Uint8Array;
  /** [messages] milliseconds since 1970 */
  time: Float64Array;
  /** [messages] into peers */
  peer: Uint32Array;
  /** [messages] bytes of the BGP message with its header, 0 where not known; of RIB_ENTRY the route's age, seconds */
  size: Uint32Array;
  /** [messages] ORIGIN_..., NO_ORIGIN; for PEER_STATE the old state * 16 + the new one */
  origin: Uint8Array;
  /** [messages] into paths, NONE where the message has none */
  path: Uint32Array;
  /** [messages] */
  withdrawn: Uint32Array;
  /** [messages] */
  announced: Uint32Array;
  /** [elements] into prefixes */
  prefix: Uint32Array;
  /** [elements] into addresses; NONE where withdrawn or not said */
  nextHop: Uint32Array;
  /** [elements] path identifiers of ADD-PATH (RFC 7911), or empty where no element has one */
  pathId: Uint32Array;
  /** [addresses] shapes, and [addresses x 4] words */
  addressShape: Uint8Array;
  addressWords: Uint32Array;
  /** [peers] into addresses, and their AS */
  peerAddress: Uint32Array;
  peerAs: Uint32Array;
  /** [prefixes] shapes, and [prefixes x 4] words */
  prefixShape: Uint8Array;
  prefixWords: Uint32Array;
  /** [paths + 1] offsets into hops and marks */
  pathStart: Uint32Array;
  hops: Uint32Array;
  marks: Uint8Array;
}

/** Has lent columns be the batch's own: each becomes a copy. @returns the same object */
export function ownColumns(columns: BatchColumns): BatchColumns {
  return Object.assign(columns, Object.fromEntries(Object.entries(columns).map(([name, own]) => [name, own.slice()])));
}
