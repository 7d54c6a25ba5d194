/** Texts of up to 16 bytes that occur in messages, each compared at once. A text is its address here. */

/** 16 bytes of the text, 16 of its mask. */
const TEXT_BYTES: usize = 32;
const ROOM: usize = memory.data(32 * 24);
const LENGTHS: usize = memory.data(24);

let texts: i32 = 0;

/** @returns the number of the text */
export function laid(text: string): i32 {
  const to = ROOM + <usize>texts * TEXT_BYTES;
  for (let at = 0; at < text.length; at++) {
    store<u8>(to + at, text.charCodeAt(at));
    store<u8>(to + at, 0xff, 16);
  }
  store<u8>(LENGTHS + texts, text.length);
  return texts++;
}

// @ts-ignore: decorator
@inline
export function stands(text: i32, at: usize): bool {
  const there = ROOM + <usize>text * TEXT_BYTES;
  return !v128.any_true(v128.and(v128.xor(v128.load(at), v128.load(there)), v128.load(there, 16)));
}

// @ts-ignore: decorator
@inline
export function lengthOf(text: i32): usize {
  return load<u8>(LENGTHS + text);
}

/** Whether the text without its last `less` bytes is what is there from `at` to `end`. */
export function isWhole(text: i32, at: usize, end: usize, less: usize): bool {
  const length = lengthOf(text) - less;
  return end - at === length && memory.compare(ROOM + <usize>text * TEXT_BYTES, at, length) === 0;
}
