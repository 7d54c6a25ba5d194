import { hash, hashFraction } from '../random/hash.js';
import { Random } from '../random/random.js';
import { PathTable } from './pathTable.js';
import { drawPrefixes, type SimulatedPrefix } from './prefix.js';
import { Routes } from './routing.js';
import { drawTopology, PROVIDER, type Topology } from './topology.js';

/** A BGP session between the collector and one of its peers. */
export interface Session {
  /** Index of the peer's AS in the topology. */
  as: number;
  asNumber: number;
  address: string;
  family: 4 | 6;
}

const IPV4_SESSIONS = 8;
const IPV6_SESSIONS = 2;
export const NO_PATH = -1;

/** What the collector's peers see of the world while nothing happens, and what they fall back to. */
export class RouteTable {
  readonly topology: Topology;
  readonly paths = new PathTable();
  readonly sessions: Session[] = [];
  /** Prefixes that are announced ordinarily come first; those added for hijacks follow. */
  readonly prefixes: SimulatedPrefix[];
  readonly ordinaryPrefixes: number;
  /** [topology] indices of each AS's ordinary prefixes */
  readonly prefixesOf: number[][];
  /** Ordinary prefixes of a family, in a drawn order: the first are the restless ones. */
  readonly byFamily: Record<4 | 6, number[]>;
  readonly #seed: number;
  readonly #normal: Int32Array;
  readonly #linkDown: Int32Array;
  readonly #alternates: number[][] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.topology = drawTopology(seed);
    this.prefixes = drawPrefixes(this.topology, seed);
    this.ordinaryPrefixes = this.prefixes.length;
    const size = this.topology.numbers.length;
    this.prefixesOf = Array.from({ length: size }, () => []);
    for (const [index, prefix] of this.prefixes.entries()) this.prefixesOf[prefix.origin]!.push(index);
    const random = new Random(seed, 0x72);
    const all = random.sample([...this.prefixes.keys()], this.prefixes.length);
    this.byFamily = {
      4: all.filter((index) => this.prefixes[index]!.family === 4),
      6: all.filter((index) => this.prefixes[index]!.family === 6),
    };
    this.#drawSessions(random);
    this.#normal = new Int32Array(this.sessions.length * size).fill(NO_PATH);
    this.#linkDown = new Int32Array(this.sessions.length * size).fill(NO_PATH);
    for (let origin = 0; origin < size; origin++) this.#fill(origin);
  }

  #drawSessions(random: Random): void {
    const { tier1, transits, stubs, numbers } = this.topology;
    const peers = [...random.sample(tier1, 2), ...random.sample(transits, 4), ...random.sample(stubs, 2)];
    for (let i = 0; i < IPV4_SESSIONS; i++) {
      const as = peers[i]!;
      this.sessions.push({ as, asNumber: numbers[as]!, address: `192.0.2.${10 + i}`, family: 4 });
    }
    for (let i = 0; i < IPV6_SESSIONS; i++) {
      const as = peers[i * 2 + 1]!;
      this.sessions.push({ as, asNumber: numbers[as]!, address: `2001:db8:ff::${10 + i}`, family: 6 });
    }
  }

  #fill(origin: number): void {
    const size = this.topology.numbers.length;
    const normal = new Routes(this.topology, [origin]);
    const providers = this.topology.neighbours[origin]!.filter(({ relation }) => relation === PROVIDER);
    const primary = providers[0];
    const broken =
      primary === undefined ? normal : new Routes(this.topology, [origin], { deadLink: [origin, primary.as] });
    const prepends = this.#ordinaryPrepending(origin);
    for (const [index, session] of this.sessions.entries()) {
      const key = index * size + origin;
      this.#normal[key] = this.paths.prepended(this.#internRoute(normal.path(session.as)), prepends);
      const after = this.#internRoute(broken.path(session.as));
      this.#linkDown[key] = after === NO_PATH ? NO_PATH : this.paths.prepended(after, prepends);
      this.#alternates[key] = normal
        .offers(session.as)
        .slice(1, 6)
        .map((path) => this.paths.prepended(this.#internRoute(path), prepends));
    }
  }

  /** Some ASes always prepend. */
  #ordinaryPrepending(origin: number): number {
    return hashFraction(this.#seed, 0x73, origin) < 0.15 ? 1 + (hash(this.#seed, 0x74, origin) % 3) : 0;
  }

  #internRoute(route: number[] | null): number {
    return route === null ? NO_PATH : this.paths.intern(route.map((as) => this.topology.numbers[as]!));
  }

  normal(session: number, origin: number): number {
    return this.#normal[session * this.topology.numbers.length + origin]!;
  }

  /** The path while the link to the origin's first provider is down. */
  linkDown(session: number, origin: number): number {
    return this.#linkDown[session * this.topology.numbers.length + origin]!;
  }

  /** Worse paths that the session's AS is offered, best first; may be empty. */
  alternates(session: number, origin: number): readonly number[] {
    return this.#alternates[session * this.topology.numbers.length + origin]!;
  }

  /** The path that the session's AS takes in the given routes, with the origin's ordinary prepending. */
  pathIn(routes: Routes, session: number): number {
    const route = routes.path(this.sessions[session]!.as);
    if (route === null) return NO_PATH;
    return this.paths.prepended(this.#internRoute(route), this.#ordinaryPrepending(route[route.length - 1]!));
  }
}
