/** Addresses and prefixes: IPv4 is read here, of anything else only where its text is. */
import { DOT, QUOTE, SLASH, stringEnd, ZERO } from './json';
import { TEXT } from './layout';

const IPV4_ADDRESS: u32 = 32;

/** Of the address or prefix read last: its shape and word, or TEXT and where the text begins; where it ends. */
export let shape: u32 = 0;
export let word: u32 = 0;
export let textEnd: u32 = 0;

/** @returns where it ends, 0 when none begins here */
// @ts-ignore: decorator
@inline
function ipv4(at: usize): usize {
  let address: u32 = 0;
  for (let part = 0; ; part++) {
    let octet = <u32>load<u8>(at) - ZERO;
    if (octet > 9) return 0;
    let digit = <u32>load<u8>(++at) - ZERO;
    if (digit <= 9) {
      octet = octet * 10 + digit;
      digit = <u32>load<u8>(++at) - ZERO;
      if (digit <= 9) {
        octet = octet * 10 + digit;
        if (octet > 255) return 0;
        at++;
      }
    }
    address = (address << 8) | octet;
    if (part === 3) break;
    if (load<u8>(at) !== DOT) return 0;
    at++;
  }
  word = address;
  return at;
}

/** The address from `at` to `end`. */
export function address(at: usize, end: usize): void {
  if (ipv4(at) === end) {
    shape = IPV4_ADDRESS;
    return;
  }
  shape = TEXT;
  word = <u32>at;
  textEnd = <u32>end;
}

/** @param start just after the opening quote; @returns the position of the closing quote, 0 when this is not a string */
export function prefix(start: usize): usize {
  let at = ipv4(start);
  if (at !== 0 && load<u8>(at) === SLASH) {
    const first = ++at;
    let length: u32 = 0;
    for (let digit = <u32>load<u8>(at) - ZERO; digit <= 9; digit = <u32>load<u8>(++at) - ZERO) {
      length = length * 10 + digit;
    }
    const digits = at - first;
    if (digits !== 0 && digits <= 3 && length <= 32 && load<u8>(at) === QUOTE) {
      shape = length;
      word = length === 0 ? 0 : word & (0xffffffff << (32 - length));
      return at;
    }
  }
  const end = stringEnd(start);
  shape = TEXT;
  word = <u32>start;
  textEnd = <u32>end;
  return end;
}
