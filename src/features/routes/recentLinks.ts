import { hashWords } from '../../bgp/address.js';

const PLACES = 1 << 15;

/**
 * Links that were learnt lately, so that a table's paths, which share most of theirs, need not ask the large tables for each.
 * Says nothing once one of these is full: there, being met again decides what is forgotten.
 */
export class RecentLinks {
  readonly #left = new Uint32Array(PLACES);
  readonly #right = new Uint32Array(PLACES);
  /** Whether routes of the right network were passed on. */
  readonly #passed = new Uint8Array(PLACES);

  /** Whether the link was met before, with routes passed on if they are now; it counts as met from here on. */
  met(left: number, right: number, passed: boolean, full: boolean): boolean {
    if (full) return false;
    const at = hashWords(0, left, right, 0, 0) & (PLACES - 1);
    if (this.#left[at] === left && this.#right[at] === right && (!passed || this.#passed[at] === 1)) return true;
    this.#left[at] = left;
    this.#right[at] = right;
    this.#passed[at] = passed ? 1 : 0;
    return false;
  }
}
