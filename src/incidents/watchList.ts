import type { MinuteEvidence } from '../features/row.js';
import { plural } from '../words/plural.js';
import { type AddressBlock, covers, parseAddressBlock } from './addressBlock.js';
import type { WatchedRoute } from './incident.js';
import { neighbourhoodOf } from './subject.js';
import type { WatchSettings } from './watch/settings.js';

/** The operator's own networks, and what of a minute's evidence touches them. */
export class WatchList {
  readonly #networks: Set<number>;
  readonly #allowed: Set<number>;
  readonly #neighbours: Set<number>;
  /** Longest first, so that the nearest is found. */
  readonly #blocks: { text: string; block: AddressBlock; ignored: (part: AddressBlock) => boolean }[];

  constructor(private readonly settings: WatchSettings) {
    this.#networks = new Set(settings.asNumbers);
    this.#allowed = new Set([...settings.asNumbers, ...settings.origins]);
    this.#neighbours = new Set([...settings.neighbours, ...settings.asNumbers]);
    this.#blocks = settings.prefixes.map(({ prefix: text, ignore, ignoreParts }) => {
      const block = parseAddressBlock(text);
      if (block === null) throw new Error(`watch.prefixes: "${text}" is not a prefix; write it as 192.0.2.0/24`);
      return { text, block, ignored: (part) => ignore || (ignoreParts && part.length > block.length) };
    });
    this.#blocks.sort((a, b) => b.block.length - a.block.length);
  }

  get empty(): boolean {
    return this.#networks.size === 0 && this.#blocks.length === 0;
  }

  /** The entry that a prefix falls under: a watched block around it, or an AS of ours that holds it. */
  #entryOf(prefix: string, holders: readonly number[]): string | null {
    const block = this.#blocks.length === 0 ? null : parseAddressBlock(prefix);
    if (block !== null) {
      const around = this.#blocks.find((own) => covers(own.block, block));
      if (around !== undefined) return around.ignored(block) ? null : around.text;
    }
    const holder = holders.find((network) => this.#networks.has(network));
    return holder === undefined ? null : `AS${holder}`;
  }

  /**
   * The evidence without what the watch judges by itself: claims to our prefixes and by our networks, and our losses.
   * Routes of ours never count for or against an incident of somebody else's.
   */
  withoutOurs(evidence: MinuteEvidence): MinuteEvidence {
    if (this.empty) return evidence;
    const strange = (prefix: string, origin: number, holders: readonly number[]) =>
      !this.#networks.has(origin) && this.#entryOf(prefix, holders) === null;
    const { newOrigins, moreSpecifics, withdrawn, losses, tails } = evidence;
    const rest: MinuteEvidence = {
      ...evidence,
      newOrigins: newOrigins.filter(({ prefix, origin, previousOrigins }) => strange(prefix, origin, previousOrigins)),
      moreSpecifics: moreSpecifics.filter(
        ({ prefix, covering, origin, coveringOrigins }) =>
          strange(prefix, origin, coveringOrigins) && this.#entryOf(covering, []) === null,
      ),
      withdrawn: withdrawn.filter(({ prefix, origin }) => this.#entryOf(prefix, [origin]) === null),
    };
    if (tails !== undefined) {
      rest.tails = tails.filter(
        ({ prefix, covering, origin, holder }) =>
          !this.#networks.has(origin) &&
          (this.#isOpenTo(covering ?? prefix, origin, holder) ||
            (strange(prefix, origin, [holder]) && (covering === undefined || this.#entryOf(covering, []) === null))),
      );
    }
    if (losses !== undefined) rest.losses = losses.filter(({ origin }) => !this.#networks.has(origin));
    return rest;
  }

  /** Who may come before ours is declared nowhere, so only its suspicion separates a forged origin from a new neighbour. */
  #isOpenTo(prefix: string, neighbour: number, holder: number): boolean {
    if (!this.#networks.has(holder) || this.settings.upstreams !== undefined || this.#neighbours.has(neighbour))
      return false;
    const around = this.#entryOf(prefix, []);
    return this.settings.prefixes.find((declared) => declared.prefix === around)?.upstreams === undefined;
  }

  /** Whether one of the named networks is the left end of this link, and one of ours the right. */
  isNeighbour({ left, right }: Pick<MinuteEvidence['newLinks'][number], 'left' | 'right'>, names: ReadonlySet<string>) {
    return this.#networks.has(right) && (names.has(`AS${left}`) || names.has(neighbourhoodOf(right)));
  }

  /** The minute without our new neighbours: incidents of other networks leave them out. */
  withoutNeighbours(evidence: MinuteEvidence): MinuteEvidence {
    if (this.#networks.size === 0) return evidence;
    const newLinks = evidence.newLinks.filter((link) => !this.#isNewNeighbour(link));
    return newLinks.length === evidence.newLinks.length ? evidence : { ...evidence, newLinks };
  }

  #isNewNeighbour({ left, right }: Pick<MinuteEvidence['newLinks'][number], 'left' | 'right'>): boolean {
    // where upstreams are declared, the watch compares every path with them
    return this.settings.upstreams === undefined && this.#networks.has(right) && !this.#neighbours.has(left);
  }

  /** Links between the network and one of ours. */
  linksOf(network: string, { newLinks }: MinuteEvidence): MinuteEvidence['newLinks'] {
    const names = new Set([network]);
    return newLinks.filter((link) => this.isNeighbour(link, names));
  }

  touches(evidence: MinuteEvidence): WatchedRoute[] {
    if (this.empty) return [];
    const touched = [
      ...this.#newOrigins(evidence),
      ...this.#moreSpecifics(evidence),
      ...this.#withdrawn(evidence),
      ...this.#neighboursIn(evidence),
    ];
    return touched.map((route) => {
      const group = this.settings.prefixes.find(({ prefix }) => prefix === route.watched)?.group;
      return group === undefined ? route : { ...route, group };
    });
  }

  #newOrigins({ newOrigins }: MinuteEvidence): WatchedRoute[] {
    return newOrigins.flatMap(({ prefix, origin, previousOrigins, peers, path }): WatchedRoute[] => {
      const watched = this.#entryOf(prefix, previousOrigins);
      if (watched === null || this.#allowed.has(origin) || peers < this.settings.minimumPeers) return [];
      const before = previousOrigins.map((network) => `AS${network}`).join(', ') || 'nobody';
      const words = `your ${prefix} is announced by AS${origin} (before: ${before}), seen by ${peers} peers, path ${path.join(' ')}`;
      return [{ kind: 'new origin', watched, words, prefix, origin, peers }];
    });
  }

  #moreSpecifics({ moreSpecifics }: MinuteEvidence): WatchedRoute[] {
    return moreSpecifics.flatMap(({ prefix, covering, origin, coveringOrigins, peers }): WatchedRoute[] => {
      const watched = this.#entryOf(prefix, coveringOrigins) ?? this.#entryOf(covering, coveringOrigins);
      if (watched === null || this.#allowed.has(origin) || peers < this.settings.minimumPeers) return [];
      const words = `${prefix}, inside your ${covering}, is announced by AS${origin}, seen by ${peers} peers`;
      return [{ kind: 'more specific', watched, words, prefix, origin, peers }];
    });
  }

  #withdrawn({ withdrawn }: MinuteEvidence): WatchedRoute[] {
    return withdrawn.flatMap(({ prefix, origin, peers, peersBefore }): WatchedRoute[] => {
      const watched = this.#entryOf(prefix, [origin]);
      if (watched === null || peersBefore < 2 || peers < peersBefore * this.settings.withdrawnShare) return [];
      const words = `your ${prefix} was withdrawn by ${peers} of ${peersBefore} peers`;
      return [{ kind: 'withdrawn', watched, words, prefix, origin, peers }];
    });
  }

  /** The network left of ours in a path is the neighbour that passed our routes on. */
  #neighboursIn({ newLinks }: MinuteEvidence): WatchedRoute[] {
    return newLinks.flatMap((link): WatchedRoute[] => {
      if (!this.#isNewNeighbour(link)) return [];
      const { left, right, routes, prefixes } = link;
      const words = `AS${left} is a new neighbour of your AS${right} in the path of ${plural(routes, 'route')} (${prefixes.slice(0, 3).join(', ')})`;
      return [{ kind: 'new neighbour', watched: `AS${right}`, words, prefix: prefixes[0], origin: left }];
    });
  }
}

/** One entry for each kind, watched network, prefix and origin; the first words stay. */
export function mergedWatched(kept: readonly WatchedRoute[], fresh: readonly WatchedRoute[]): WatchedRoute[] {
  const entries = new Map<string, WatchedRoute>();
  for (const route of [...kept, ...fresh]) {
    const key = `${route.kind} ${route.watched} ${route.prefix} ${route.origin}`;
    if (!entries.has(key) && entries.size < 50) entries.set(key, route);
  }
  return [...entries.values()];
}
