import { formatPrefix } from '../../bgp/address.js';
import { type AddressBlock, covers, parseAddressBlock } from '../addressBlock.js';
import type { VrpTable } from '../rpki/validity.js';
import { wordsOfBlock } from './prefixIndex.js';
import { neighboursIn } from './rules/neighbours.js';

/** A route that a stream holds now. */
export interface SeenRoute {
  prefix: string;
  origin: number;
  hops: readonly number[];
}

/** What `watch` may say, with only what is known; keys as in the settings. */
export interface WatchProposal {
  asNumbers: number[];
  upstreams?: number[];
  downstreams?: number[];
  prefixes: { prefix: string; origins?: number[]; maximumLength?: number }[];
}

export interface ProposalOptions {
  /** Declares the networks that are seen before the own ones. */
  upstreams?: boolean;
  /** Networks behind the own ones, to be declared. */
  downstreams?: readonly number[];
  /** Routes of others; those to parts of the own prefixes are declared with their origins, as delegated. */
  parts?: readonly SeenRoute[];
  /** Blocks of which nothing is declared. */
  exclude?: readonly string[];
}

/** Whether one of the blocks holds the prefix. */
function liesIn(prefix: string, blocks: readonly AddressBlock[]): boolean {
  const block = parseAddressBlock(prefix);
  return block !== null && blocks.some((outer) => covers(outer, block));
}

/**
 * The declaration that fits what is seen: every prefix that the networks originate, with the longest part that a ROA of
 * theirs allows. Prefixes that were declared before stay, as they were.
 */
export function proposalOf(
  networks: readonly number[],
  seen: readonly SeenRoute[],
  covering: ((prefix: string) => ReturnType<VrpTable['covering']> | undefined) | undefined,
  { upstreams: withUpstreams = false, downstreams = [], parts = [], exclude = [] }: ProposalOptions = {},
): WatchProposal {
  const own = new Set(networks);
  const left = exclude.flatMap((text) => parseAddressBlock(text) ?? []);
  const routes = seen.filter(({ prefix }) => !liesIn(prefix, left));
  const prefixes = new Map<string, Set<number>>();
  const upstreams = new Set<number>();
  for (const { prefix, origin, hops } of routes) {
    if (!own.has(origin)) continue;
    prefixes.set(prefix, (prefixes.get(prefix) ?? new Set()).add(origin));
    const { upstream } = neighboursIn(hops, own);
    if (upstream !== undefined) upstreams.add(upstream);
  }
  const mine = [...prefixes.keys()].flatMap((text) => parseAddressBlock(text) ?? []);
  for (const { prefix, origin } of parts) {
    if (own.has(origin) || liesIn(prefix, left) || !liesIn(prefix, mine)) continue;
    prefixes.set(prefix, (prefixes.get(prefix) ?? new Set()).add(origin));
  }
  const listed = [...prefixes].sort(([a], [b]) => byAddress(a, b));
  return {
    asNumbers: [...own].sort((a, b) => a - b),
    ...(withUpstreams && upstreams.size > 0 ? { upstreams: [...upstreams].sort((a, b) => a - b) } : {}),
    ...(downstreams.length > 0 ? { downstreams: [...new Set(downstreams)].sort((a, b) => a - b) } : {}),
    prefixes: listed.map(([prefix, origins]) => {
      const roas = (covering?.(prefix) ?? []).filter(({ asn }) => own.has(asn));
      const longest = Math.max(0, ...roas.map(({ maxLength }) => maxLength));
      return {
        prefix,
        ...(own.size > 1 || [...origins].some((origin) => !own.has(origin))
          ? { origins: [...origins].sort((a, b) => a - b) }
          : {}),
        ...(longest > 0 ? { maximumLength: longest } : {}),
      };
    }),
  };
}

function byAddress(a: string, b: string): number {
  const [left, right] = [parseAddressBlock(a)!, parseAddressBlock(b)!];
  const words = left.words.findIndex((word, at) => word !== right.words[at]);
  return (
    left.family - right.family || (words < 0 ? left.length - right.length : left.words[words]! - right.words[words]!)
  );
}

/** As routes have it, however a person wrote it. */
function canonical(prefix: string): string {
  const block = parseAddressBlock(prefix.trim().toLowerCase());
  return block === null ? prefix : formatPrefix(...wordsOfBlock(block));
}

type Entry = { prefix: string } & Record<string, unknown>;

/** The declaration that is there with what the proposal adds; what a person wrote is never changed or taken out. */
export function joined(present: Record<string, unknown>, proposal: WatchProposal): Record<string, unknown> {
  const list = (name: string) => (Array.isArray(present[name]) ? (present[name] as unknown[]) : []);
  const entryOf = (one: unknown) => (typeof one === 'string' ? { prefix: one } : (one as Entry));
  const known = new Set(list('prefixes').map((one) => canonical(entryOf(one).prefix)));
  const numbers = (name: string, fresh: readonly number[]) => {
    const told = list(name).map((one) => Number(String(one).replace(/^AS/i, '')));
    return [...list(name), ...fresh.filter((network) => !told.includes(network))];
  };
  return {
    ...present,
    asNumbers: numbers('asNumbers', proposal.asNumbers),
    ...(proposal.upstreams === undefined ? {} : { upstreams: numbers('upstreams', proposal.upstreams) }),
    ...(proposal.downstreams === undefined ? {} : { downstreams: numbers('downstreams', proposal.downstreams) }),
    prefixes: [...list('prefixes'), ...proposal.prefixes.filter(({ prefix }) => !known.has(prefix))],
  };
}

/** Lines with what goes and comes, as `diff` shows them; both texts have their lists one entry a line. */
export function difference(before: string, after: string): string[] {
  const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const kept = new Set(old.map((text) => text.replace(/,$/, '')));
  const there = new Set(fresh.map((text) => text.replace(/,$/, '')));
  return [
    ...old.filter((text) => !there.has(text.replace(/,$/, ''))).map((text) => `- ${text}`),
    ...fresh.filter((text) => !kept.has(text.replace(/,$/, ''))).map((text) => `+ ${text}`),
  ];
}

/** The declaration as in the settings file: one entry a line. */
export function watchText(watch: Record<string, unknown>): string {
  const fields = Object.entries(watch).map(([name, value]) => {
    const text =
      name === 'prefixes' && Array.isArray(value) && value.length > 0
        ? `[\n${value.map((entry) => `      ${JSON.stringify(entry)}`).join(',\n')}\n    ]`
        : JSON.stringify(value);
    return `    ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(',\n')}\n  }`;
}
