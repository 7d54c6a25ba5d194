/**
 * Where things lie in the scanner's memory; ../scanner.ts reads them there. All numbers are little-endian, places in
 * the message are addresses.
 */

/** Bytes of a longest message; 16 zero bytes follow whatever is there, at which every loop ends. */
export const LONGEST: i32 = 1 << 18;
/** RFC 8654: no path or list of prefixes of a BGP message is longer. */
export const MOST_ENTRIES: i32 = 65_535;
export const MOST_NEXT_HOPS: i32 = 8_192;

export const INPUT: usize = 4_096;
/** f64 time (ms), then u32: shape, word and end of the peer's address, its AS, bytes of the BGP message, origin, hops of the path (ABSENT without one), elements, next hops. */
export const HEAD: usize = INPUT + <usize>LONGEST + 64;
/** u32 a hop. */
export const HOPS: usize = HEAD + 64;
/** u8 a hop. */
export const MARKS: usize = HOPS + 4 * (<usize>MOST_ENTRIES + 1);
/** u32: next hop (ABSENT when withdrawn), shape, word, end of a prefix. */
export const ELEMENTS: usize = MARKS + <usize>MOST_ENTRIES + 1;
/** u32: shape, word, end of an address, and one that says nothing. */
export const NEXT_HOPS: usize = ELEMENTS + 16 * (<usize>MOST_ENTRIES + 1);
export const BYTES: usize = NEXT_HOPS + 16 * <usize>MOST_NEXT_HOPS;

export const ABSENT: u32 = 0xffffffff;
/** Instead of the shape of an IPv4 address or prefix: `word` is where a text that may be another begins. */
export const TEXT: u32 = 0xffffffff;
/** Instead of a shape: the next hop is spelt as the peer is. */
export const PEER: u32 = 0xfffffffe;
