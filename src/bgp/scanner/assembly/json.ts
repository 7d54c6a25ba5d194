/**
 * JSON in its usual spelling: no escapes, no exponents, spaces but no other white space. Each function takes where
 * something should begin and returns where it ends, 0 when it is not there.
 */

export const QUOTE: i32 = 0x22;
export const COMMA: i32 = 0x2c;
export const DOT: i32 = 0x2e;
export const SLASH: i32 = 0x2f;
export const ZERO: u32 = 0x30;
export const COLON: i32 = 0x3a;
export const OPEN_LIST: i32 = 0x5b;
export const CLOSE_LIST: i32 = 0x5d;
export const OPEN: i32 = 0x7b;
export const CLOSE: i32 = 0x7d;
const SPACE: i32 = 0x20;
const BACKSLASH: i32 = 0x5c;
const DELETE: i32 = 0x7f;
const MOST_DIGITS: usize = 10;

/** Of the number read last. */
export let value: u64 = 0;

export function spaces(at: usize): usize {
  while (load<u8>(at) === SPACE) at++;
  return at;
}

// @ts-ignore: decorator
@inline
export function behind(character: i32, at: usize): usize {
  if (load<u8>(at) === character) return at + 1;
  if (load<u8>(at) !== SPACE) return 0;
  at = spaces(at);
  return load<u8>(at) === character ? at + 1 : 0;
}

/** Places among the next 16 bytes of what ends a string or may not be in one as itself. */
// @ts-ignore: decorator
@inline
function special(at: usize): i32 {
  const bytes = v128.load(at);
  // bytes from 0x80 on are negative
  const control = v128.or(i8x16.lt_s(bytes, i8x16.splat(<i8>SPACE)), i8x16.eq(bytes, i8x16.splat(<i8>DELETE)));
  const quoting = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH)));
  return i8x16.bitmask(v128.or(control, quoting));
}

/**
 * Of a string of printable ASCII without escapes.
 * @param at behind its opening quote
 * @returns where its closing quote is
 */
// @ts-ignore: decorator
@inline
export function stringEnd(at: usize): usize {
  let places = special(at);
  while (places === 0) {
    at += 16;
    places = special(at);
  }
  at += ctz(places);
  return load<u8>(at) === QUOTE ? at : 0;
}

export function string(at: usize): usize {
  at = behind(QUOTE, at);
  if (at === 0) return 0;
  at = stringEnd(at);
  return at === 0 ? 0 : at + 1;
}

/** A whole number of at most ten digits, into `value`. */
// @ts-ignore: decorator
@inline
export function number(at: usize): usize {
  if (load<u8>(at) === SPACE) at = spaces(at);
  const start = at;
  let sum: u64 = 0;
  for (let digit = <u32>load<u8>(at) - ZERO; digit <= 9; digit = <u32>load<u8>(++at) - ZERO) sum = sum * 10 + digit;
  const digits = at - start;
  if (digits === 0 || digits > MOST_DIGITS || (digits > 1 && <u32>load<u8>(start) === ZERO)) return 0;
  value = sum;
  return at;
}

/** The value of a key that says nothing here: a string or a whole number. */
export function scalar(at: usize): usize {
  at = spaces(at);
  return load<u8>(at) === QUOTE ? string(at) : number(at);
}

/** Lists of whole numbers in a list, passed over. */
export function listsOfNumbers(at: usize): usize {
  let next = behind(OPEN_LIST, at);
  if (next === 0) return 0;
  const end = behind(CLOSE_LIST, next);
  if (end !== 0) return end;
  do {
    at = listOfNumbers(next);
    if (at === 0) return 0;
    next = behind(COMMA, at);
  } while (next !== 0);
  return behind(CLOSE_LIST, at);
}

// @ts-ignore: decorator
@inline
function listOfNumbers(at: usize): usize {
  let next = behind(OPEN_LIST, at);
  if (next === 0) return 0;
  do {
    at = number(next);
    if (at === 0) return 0;
    next = behind(COMMA, at);
  } while (next !== 0);
  return behind(CLOSE_LIST, at);
}
