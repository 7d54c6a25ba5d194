import { hashWords } from '../../bgp/address.js';

const PLACES = 1 << 15;
/** Numbers of a place: the two ASes of a link, and those of one whose routes were passed on, side by side. */
const WIDTH = 4;

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
