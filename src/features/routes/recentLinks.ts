import { hashWords } from '../../bgp/address.js';

const PLACES = 1 << 15;
/** Numbers of a place: the two ASes of a link, and those of one whose routes were passed on, side by side. */
const WIDTH = 4;

/** Places for links that updates name, few enough to stay near the processor: most paths share theirs. */
const NAMED = 1 << 15;
/** Fields of a place. */
const LEFT = 0;
const RIGHT = 1;
export const SINCE = 2;
export const PASSED = 3;

/**
 * Copies of the records of links that paths named lately: since when each is known, and since when its left network passes
 * on routes of the right one. Not to be asked once links are forgotten, nor when being met decides what is.
 */
export class NamedLinks {
  readonly places = new Int32Array(NAMED * WIDTH);
  /** Only there so that what is read ahead is not optimized away. */
  lookedAt = 0;

  /** Where a link's copy stands or would stand. */
  at(left: number, right: number): number {
    let hash = Math.imul(left, 0x85ebca6b) ^ Math.imul(right, 0x9e3779b1);
    hash ^= hash >>> 15;
    return (hash & (NAMED - 1)) * WIDTH;
  }

  /** Reads the places of a path's links side by side: one by one, the processor would wait for each. */
  lookAhead(hops: Uint32Array, from: number, end: number): void {
    let read = 0;
    for (let hop = from + 1; hop < end; hop++) read ^= this.places[this.at(hops[hop - 1]!, hops[hop]!)]!;
    this.lookedAt = read;
  }

  has(at: number, left: number, right: number): boolean {
    return this.places[at + LEFT] === (left | 0) && this.places[at + RIGHT] === (right | 0);
  }

  keep(at: number, left: number, right: number, since: number, passed: number): void {
    this.places[at + LEFT] = left;
    this.places[at + RIGHT] = right;
    this.places[at + SINCE] = since;
    this.places[at + PASSED] = passed;
  }
}

/**
 * Links that were learnt lately, so that a table's paths, which share most of theirs, need not ask the large tables for each.
 * Says nothing once one of these is full: there, being met again decides what is forgotten.
 */
export class RecentLinks {
  readonly #places = new Int32Array(PLACES * WIDTH);

  /** Whether the link was met before, with routes passed on if they are now; it counts as met from here on. */
  met(left: number, right: number, passed: boolean, full: boolean): boolean {
    if (full) return false;
    const places = this.#places;
    const at = (hashWords(0, left, right, 0, 0) & (PLACES - 1)) * WIDTH;
    const to = passed ? at + 2 : at;
    if (places[to] === (left | 0) && places[to + 1] === (right | 0)) return true;
    if (!passed && places[at + 2] === (left | 0) && places[at + 3] === (right | 0)) return true;
    places[to] = left;
    places[to + 1] = right;
    return false;
  }
}
