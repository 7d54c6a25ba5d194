import { type AddressBlock, parseAddressBlock } from '../addressBlock.js';
import { PrefixIndex, type PrefixWords } from './prefixIndex.js';
import type { DeclaredPrefix, WatchSettings } from './settings.js';

/** One declared prefix with what holds for it. */
export interface Entry extends DeclaredPrefix {
  block: AddressBlock;
  /** Networks that may originate it; empty when nobody said, so that the first one seen is taken for the holder. */
  allowed: ReadonlySet<number>;
  /** Compiled `path.matches` and `path.excludes`. */
  matches: RegExp | null;
  excludes: RegExp | null;
}

/** The operator's networks as `watch` declares them. */
export class Declaration {
  readonly networks: ReadonlySet<number>;
  readonly entries: readonly Entry[];
  private readonly index = new PrefixIndex<Entry>();

  constructor(readonly settings: WatchSettings) {
    this.networks = new Set(settings.asNumbers);
    this.entries = settings.prefixes.map((declared) => {
      const block = parseAddressBlock(declared.prefix);
      if (block === null)
        throw new Error(`watch.prefixes: "${declared.prefix}" is not a prefix; write it as 192.0.2.0/24`);
      const { path, origins = settings.asNumbers } = declared;
      const entry: Entry = {
        ...declared,
        block,
        allowed: new Set(origins.length === 0 ? [] : [...origins, ...settings.origins]),
        matches: path?.matches === undefined ? null : new RegExp(path.matches),
        excludes: path?.excludes === undefined ? null : new RegExp(path.excludes),
      };
      this.index.set(block, entry);
      return entry;
    });
  }

  get empty(): boolean {
    return this.entries.length === 0 && this.networks.size === 0;
  }

  /** The longest declared prefix around this one. */
  entryOf(prefix: PrefixWords): Entry | undefined {
    return this.entries.length === 0 ? undefined : this.index.covering(prefix);
  }
}
