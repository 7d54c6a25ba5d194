import { type AddressBlock, parseAddressBlock } from '../addressBlock.js';
import { PrefixIndex, type PrefixWords } from './prefixIndex.js';
import type { DeclaredPrefix, WatchSettings } from './settings.js';

type PathRule = NonNullable<DeclaredPrefix['path']>[number];

export interface CompiledRule extends PathRule {
  matching: RegExp | null;
  excluding: RegExp | null;
}

/** One declared prefix with what holds for it. */
export interface Entry extends DeclaredPrefix {
  block: AddressBlock;
  /** Networks that may originate it; empty when nobody said, so that the first one seen is taken for the holder. */
  allowed: ReadonlySet<number>;
  /** The rules of `path` with their expressions compiled. */
  rules: readonly CompiledRule[];
}

/** The operator's networks as `watch` declares them. */
export class Declaration {
  readonly networks: ReadonlySet<number>;
  readonly entries: readonly Entry[];
  readonly #index = new PrefixIndex<Entry>();

  constructor(readonly settings: WatchSettings) {
    this.networks = new Set(settings.asNumbers);
    this.entries = settings.prefixes.map((declared) => {
      const block = parseAddressBlock(declared.prefix);
      if (block === null)
        throw new Error(`watch.prefixes: "${declared.prefix}" is not a prefix; write it as 192.0.2.0/24`);
      const { path = [], origins = settings.asNumbers } = declared;
      const entry: Entry = {
        ...declared,
        block,
        allowed: new Set(origins.length === 0 ? [] : [...origins, ...settings.origins]),
        rules: path.map((rule) => ({
          ...rule,
          matching: rule.matches === undefined ? null : new RegExp(rule.matches),
          excluding: rule.excludes === undefined ? null : new RegExp(rule.excludes),
        })),
      };
      this.#index.set(block, entry);
      return entry;
    });
  }

  get empty(): boolean {
    return this.entries.length === 0 && this.networks.size === 0;
  }

  /** The group of a network of the operator's, as a finding has it. */
  groupOf(network: number): { group?: string } {
    const group = this.settings.asGroups[`AS${network}`];
    return group === undefined ? {} : { group };
  }

  /** The longest declared prefix around this one. */
  entryOf(prefix: PrefixWords): Entry | undefined {
    return this.entries.length === 0 ? undefined : this.#index.covering(prefix);
  }
}
