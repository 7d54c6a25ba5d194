import { formatPrefix } from '../../bgp/address.js';
import { parseAddressBlock } from '../addressBlock.js';
import type { ValidityOf } from '../evidence.js';
import type { PathSeen } from './batchRoutes.js';
import type { Declaration, Entry } from './declaration.js';
import { HeldPrefixes, type Holder } from './heldPrefixes.js';
import { type OwnPrefix, type PeerRoute, readPrefix, standing, storedPrefix } from './ownPrefix.js';
import { PrefixIndex, type PrefixWords, wordsOfBlock } from './prefixIndex.js';

/** A peer that withdrew the prefix so long ago does not count among those that had it, ms. */
const FORGOTTEN_MS = 86_400_000;
/** So long another network must have announced a prefix before ours for it to be its holder, ms. */
const SETTLED_MS = 3_600_000;

const isRightful = (own: OwnPrefix, origins: readonly number[]) =>
  origins.some((network) => own.allowed.includes(network));

/** Every peer's route to each prefix that concerns the operator. */
export class OwnTable {
  readonly prefixes = new Map<string, OwnPrefix>();
  /** Prefixes that the operator's networks announce where none was declared: they count as declared. */
  readonly #learned = new PrefixIndex<Entry>();
  readonly #undeclared = new PrefixIndex<OwnPrefix>();
  readonly #held = new HeldPrefixes();
  readonly #bits = new Map<string, number>();

  constructor(
    private readonly declaration: Declaration,
    private readonly validityOf: ValidityOf,
  ) {}

  /** The declared, or learned, prefix around this one. */
  entryOf(words: PrefixWords): Entry | undefined {
    return this.declaration.entryOf(words) ?? this.#learned.covering(words);
  }

  entryFor(own: OwnPrefix): Entry | undefined {
    const block = parseAddressBlock(own.prefix);
    return block === null ? undefined : this.entryOf(wordsOfBlock(block));
  }

  /**
   * @param heldSince from when on another network that announces it counts as its holder, ms
   * @returns the prefix when it is the operator's concern
   */
  announced(
    peer: string,
    words: PrefixWords,
    { hops, origins }: PathSeen,
    ms: number,
    heldSince = ms,
  ): OwnPrefix | null {
    const { networks } = this.declaration;
    const mine = origins.find((network) => networks.has(network));
    let entry = this.entryOf(words);
    if (entry === undefined && mine === undefined) {
      if (networks.size === 0) return null;
      this.#held.note(words, origins[0] ?? 0, this.#bitOf(peer), heldSince);
      return this.#replacedUndeclared(peer, words, { hops, origins }, ms);
    }
    const prefix = formatPrefix(...words);
    let own = this.prefixes.get(prefix);
    if (own === undefined) {
      entry ??= this.#learnedEntry(prefix, words, mine!, ms);
      own = this.#added(prefix, words, entry, ms);
    }
    if (entry !== undefined && own.allowed.length === 0 && this.validityOf(prefix, origins[0]!) !== 'invalid') {
      own.allowed = this.#firstHolder(entry, origins[0]!);
    }
    const rightful = this.#replacedRightful(own, peer, origins);
    own.routes.set(peer, { hops, origins, sinceMs: ms, lostMs: null, ...(rightful !== undefined && { rightful }) });
    if (entry === undefined && mine !== undefined) this.#replacedHolder(own, words, peer);
    return own;
  }

  withdrawn(peer: string, words: PrefixWords, ms: number): OwnPrefix | null {
    if (this.declaration.networks.size > 0) this.#held.dropped(words, this.#bitOf(peer));
    const near = this.entryOf(words) ?? this.#undeclared.covering(words);
    if (near === undefined) return null;
    const own = this.prefixes.get(formatPrefix(...words));
    const route = own?.routes.get(peer);
    if (own === undefined || route === undefined || route.lostMs !== null) return null;
    // only what was rightly there can be lost, though a stranger's route came in between
    const { rightful, ...rest } = route;
    if (isRightful(own, route.origins)) own.routes.set(peer, { ...rest, lostMs: ms });
    else if (rightful !== undefined) own.routes.set(peer, { ...rest, ...rightful, lostMs: ms });
    else own.routes.delete(peer);
    return own;
  }

  #replacedRightful(own: OwnPrefix, peer: string, origins: readonly number[]): PeerRoute['rightful'] {
    const before = own.routes.get(peer);
    if (before === undefined || isRightful(own, origins)) return undefined;
    return isRightful(own, before.origins) ? { hops: before.hops, origins: before.origins } : before.rightful;
  }

  /** Whether the peer has, or had, a route to the prefix. */
  knows(peer: string, prefix: string): boolean {
    return this.prefixes.get(prefix)?.routes.has(peer) === true;
  }

  /** The peer's session is gone, and with it all that it said. @returns prefixes that it had */
  forgetPeer(peer: string): OwnPrefix[] {
    return [...this.prefixes.values()].filter((own) => own.routes.delete(peer));
  }

  /** Drops what was withdrawn long ago. */
  tidy(own: OwnPrefix, nowMs: number): void {
    if (own.lost) return;
    for (const [peer, { lostMs }] of own.routes) {
      if (lostMs !== null && lostMs < nowMs - FORGOTTEN_MS) own.routes.delete(peer);
    }
  }

  write(): unknown[] {
    return [...this.prefixes.values()].map(storedPrefix);
  }

  /** What is no longer declared is left out. */
  read(stored: readonly unknown[]): void {
    for (const one of stored as Parameters<typeof readPrefix>[0][]) {
      const own = readPrefix(one);
      const block = parseAddressBlock(own.prefix);
      if (block === null) continue;
      const words = wordsOfBlock(block);
      if (own.declared === own.prefix && this.declaration.entries.length === 0) this.#learn(own.prefix, words);
      this.prefixes.set(own.prefix, own);
      if (own.declared === null) this.#undeclared.set(block, own);
    }
  }

  #added(prefix: string, words: PrefixWords, entry: Entry | undefined, ms: number): OwnPrefix {
    const holder = entry === undefined ? this.#holderBefore(words) : null;
    const own: OwnPrefix = {
      prefix,
      declared: entry?.prefix ?? null,
      allowed: [...(entry?.allowed ?? [])],
      holder: holder?.origin ?? 0,
      ...(holder !== null && ms - holder.sinceMs < SETTLED_MS && { brief: true }),
      routes: new Map(),
      losingMs: null,
      lost: false,
    };
    this.prefixes.set(prefix, own);
    if (entry === undefined) this.#undeclared.set(parseAddressBlock(prefix)!, own);
    return own;
  }

  /**
   * Where nothing is declared, what our networks announce is ours, unless somebody else had held that very prefix for long.
   * Who was heard first in a table that is just being learnt may as well have taken it.
   */
  #learnedEntry(prefix: string, words: PrefixWords, network: number, ms: number): Entry | undefined {
    if (this.declaration.entries.length > 0) return undefined;
    const validity = this.validityOf(prefix, network);
    const holder = this.#held.holderOf(words);
    const settled = holder !== null && ms - holder.sinceMs >= SETTLED_MS;
    const allowed = validity === 'valid' || (!settled && validity !== 'invalid');
    return allowed ? this.#learn(prefix, words) : undefined;
  }

  #learn(prefix: string, words: PrefixWords): Entry {
    const block = parseAddressBlock(prefix)!;
    const { asNumbers, origins } = this.declaration.settings;
    const allowed = new Set([...asNumbers, ...origins]);
    const entry: Entry = { prefix, block, allowed, rules: [], ignore: false, ignoreParts: false, except: [] };
    if (this.#learned.covering(words)?.prefix !== prefix) this.#learned.set(block, entry);
    return entry;
  }

  /** A part has the holders of its block; else the first network that is seen counts as the holder. */
  #firstHolder(entry: Entry, origin: number): number[] {
    const whole = this.prefixes.get(entry.prefix);
    return whole !== undefined && whole.allowed.length > 0 ? whole.allowed : [origin];
  }

  /** Whoever holds the prefix or a block around it, but for a block that is ours as much as the holder's. */
  #holderBefore(words: PrefixWords): Holder | null {
    const holder = this.#held.holderAround(words);
    const block = this.#undeclared.covering(words);
    if (holder === null || block === undefined || block.holder !== 0) return holder;
    const [, length] = block.prefix.split('/');
    return Number(length) >= holder.length && block.prefix !== formatPrefix(...words) ? null : holder;
  }

  /** A route of ours takes the place of one of the holder's. */
  #replacedHolder(own: OwnPrefix, words: PrefixWords, peer: string): void {
    this.#held.dropped(words, this.#bitOf(peer));
    if (own.brief !== true) return;
    const holder = this.#holderBefore(words);
    const ours = standing(own).filter(([, { origins }]) => origins.some((as) => this.declaration.networks.has(as)));
    if (holder?.origin === own.holder && holder.peers >= ours.length) return;
    own.holder = 0;
    delete own.brief;
  }

  #bitOf(peer: string): number {
    const known = this.#bits.get(peer);
    if (known !== undefined) return known;
    const bit = 1 << (this.#bits.size % 32);
    this.#bits.set(peer, bit);
    return bit;
  }

  /** Another network's route takes the place of one of ours. */
  #replacedUndeclared(peer: string, words: PrefixWords, path: PathSeen, ms: number): OwnPrefix | null {
    const near = this.#undeclared.covering(words);
    if (near === undefined) return null;
    const own = this.prefixes.get(formatPrefix(...words));
    if (own === undefined) return null;
    own.routes.set(peer, { hops: path.hops, origins: path.origins, sinceMs: ms, lostMs: null });
    return own;
  }
}
