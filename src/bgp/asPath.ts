/**
 * AS paths as columns: a path is a run of AS numbers with a mark for each. The mark's low two bits say in which kind of
 * segment (RFC 4271, 4.3; RFC 5065) the number stands; START is set on the first number of a set or confederation
 * segment, so that neighbouring ones stay apart. Ordinary sequences have the mark 0.
 */
export const SEQUENCE = 0;
export const SET = 1;
export const CONFEDERATION_SEQUENCE = 2;
export const CONFEDERATION_SET = 3;
export const SEGMENT_KIND = 3;
export const START = 4;
export const MAXIMUM_MARK = 7;

/** Text as routers and bgpdump print it: `1 2 {3,4}`, confederations as `(1 2)` and `[1,2]`. */
export function formatPath(hops: Uint32Array, marks: Uint8Array, from: number, to: number): string {
  let text = '';
  let at = from;
  while (at < to) {
    const kind = marks[at]! & SEGMENT_KIND;
    let end = at + 1;
    while (end < to && (marks[end]! & SEGMENT_KIND) === kind && (marks[end]! & START) === 0) end++;
    const separator = kind === SEQUENCE || kind === CONFEDERATION_SEQUENCE ? ' ' : ',';
    const numbers = Array.prototype.join.call(hops.subarray(at, end), separator);
    const segment =
      kind === SET
        ? `{${numbers}}`
        : kind === CONFEDERATION_SEQUENCE
          ? `(${numbers})`
          : kind === CONFEDERATION_SET
            ? `[${numbers}]`
            : numbers;
    text += text === '' ? segment : ` ${segment}`;
    at = end;
  }
  return text;
}

export function hashPath(hops: Uint32Array, marks: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 ^ (to - from);
  for (let at = from; at < to; at++) {
    hash = Math.imul(hash ^ hops[at]! ^ (marks[at]! << 27), 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 16);
}
