import { type LineRecord, LostLines } from './lostLines.js';
import type { Minute } from './row.js';

/** A prefix that peers withdrew in a minute. */
export interface WithdrawnPrefix {
  prefix: number;
  /** Routes that it had when the first was withdrawn. */
  before: number;
  /** The same without those that came up in the same minute: a network that goes is explored over other paths first. */
  held: number;
  /** One of its paths, from the peer to the origin; empty where not known. */
  path: readonly number[];
}

/** What peers withdrew of one network in a minute. */
export interface Withdrawals {
  /** Peers, as references. */
  peers: readonly number[];
  lines: LostLines;
}

/** As a snapshot keeps a minute. */
export interface WithdrawnMinute {
  minute: Minute;
  prefixes: [prefix: number, before: number, held: number][];
  losers: [origin: number, peers: readonly number[], lines: LineRecord[]][];
}

/** Minutes in which one loss reaches all peers. */
export const SPREADS = 3;

/** What was withdrawn in the last few minutes: a loss that a minute's end cuts in two is still one. */
export class RecentWithdrawals {
  /** Oldest first. */
  #minutes: { minute: Minute; prefixes: Map<number, WithdrawnPrefix>; losers: ReadonlyMap<number, Withdrawals> }[] = [];

  add(minute: Minute, withdrawn: Iterable<WithdrawnPrefix>, losers: ReadonlyMap<number, Withdrawals>): void {
    this.#minutes = this.#minutes.filter((each) => each.minute > minute - SPREADS);
    const prefixes = new Map([...withdrawn].map((each) => [each.prefix, { ...each, path: [] }]));
    this.#minutes.push({ minute, prefixes, losers });
  }

  /** The most routes that the prefix had in these minutes, and those that it had held before the first was withdrawn. */
  routesOf(prefix: number): { before: number; held: number } {
    const found = this.#minutes.flatMap(({ prefixes }) => prefixes.get(prefix) ?? []);
    return { before: Math.max(0, ...found.map(({ before }) => before)), held: found[0]?.held ?? 0 };
  }

  /** Peers that withdrew something of the network in these minutes, and the lines that it led through. */
  ofNetwork(origin: number): Withdrawals {
    const found = this.#minutes.flatMap(({ losers }) => losers.get(origin) ?? []);
    const lines = new LostLines();
    for (const each of found) lines.join(each.lines);
    return { peers: [...new Set(found.flatMap(({ peers }) => peers))], lines };
  }

  toJson(): WithdrawnMinute[] {
    return this.#minutes.map(({ minute, prefixes, losers }) => ({
      minute,
      prefixes: [...prefixes.values()].map(({ prefix, before, held }) => [prefix, before, held]),
      losers: [...losers].map(([origin, { peers, lines }]) => [origin, peers, lines.toJson()]),
    }));
  }

  restore(minutes: readonly WithdrawnMinute[]): void {
    this.#minutes = minutes.map(({ minute, prefixes, losers }) => ({
      minute,
      prefixes: new Map(prefixes.map(([prefix, before, held]) => [prefix, { prefix, before, held, path: [] }])),
      losers: new Map(losers.map(([origin, peers, lines]) => [origin, { peers, lines: new LostLines(lines) }])),
    }));
  }
}
