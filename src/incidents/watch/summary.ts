import type { ValidityOf } from '../evidence.js';
import type { Severity } from '../incident.js';
import type { Validity } from '../rpki/validity.js';
import { severityRank } from '../severity.js';
import type { Declaration } from './declaration.js';
import type { Finding } from './finding.js';
import { type OwnPrefix, standing } from './ownPrefix.js';
import { neighboursIn } from './rules/neighbours.js';

/** A prefix of the operator's as it is seen now. */
export interface WatchedPrefix {
  prefix: string;
  /** The declared prefix around it; null for one that was not declared. */
  declared: string | null;
  group?: string;
  description?: string;
  /** Networks that may originate it. */
  expected: number[];
  /** Who originates it, with peers, most first. */
  origins: { network: number; peers: number; rpki?: Validity }[];
  /** Who comes before it in its paths, with peers, most first. */
  upstreams: { network: number; peers: number }[];
  /** Peers with a route, and peers that have or had one. */
  visible: number;
  peers: number;
  /** What contradicts the declaration now, gravest first; empty when all is well. */
  findings: { severity: Severity; words: string }[];
}

function counted(networks: readonly number[]): { network: number; peers: number }[] {
  const counts = new Map<number, number>();
  for (const network of networks) counts.set(network, (counts.get(network) ?? 0) + 1);
  return [...counts]
    .map(([network, peers]) => ({ network, peers }))
    .sort((a, b) => b.peers - a.peers || a.network - b.network);
}

/** Every prefix that is declared or was seen, those with findings first. */
export function summaryOf(
  declaration: Declaration,
  own: readonly OwnPrefix[],
  findings: ReadonlyMap<OwnPrefix, readonly Finding[]>,
  { validityOf }: { peers: number; validityOf: ValidityOf },
): WatchedPrefix[] {
  const seen = new Set(own.map(({ prefix }) => prefix));
  const unseen = declaration.entries.filter(({ prefix }) => !seen.has(prefix));
  const rows = own
    .filter((one) => one.routes.size > 0)
    .map((one): WatchedPrefix => {
      const routes = standing(one).map(([, route]) => route);
      const upstreams = routes.map(({ hops }) => neighboursIn(hops, declaration.networks).upstream ?? 0);
      const entry = declaration.entries.find(({ prefix }) => prefix === one.declared);
      return {
        prefix: one.prefix,
        declared: one.declared,
        ...(entry?.group === undefined ? {} : { group: entry.group }),
        ...(entry?.description === undefined ? {} : { description: entry.description }),
        expected: one.allowed,
        origins: counted(routes.flatMap(({ origins }) => origins.slice(0, 1))).map((origin) => {
          const rpki = validityOf(one.prefix, origin.network);
          return rpki === undefined ? origin : { ...origin, rpki };
        }),
        upstreams: counted(upstreams.filter((network) => network !== 0)),
        visible: routes.length,
        peers: one.routes.size,
        findings: [...(findings.get(one) ?? [])]
          .sort((a, b) => severityRank(b.severity) - severityRank(a.severity))
          .map(({ severity, words }) => ({ severity, words: words[0]! })),
      };
    });
  const declared = unseen.map(
    ({ prefix, group, description, allowed }): WatchedPrefix => ({
      prefix,
      declared: prefix,
      ...(group === undefined ? {} : { group }),
      ...(description === undefined ? {} : { description }),
      expected: [...allowed],
      origins: [],
      upstreams: [],
      visible: 0,
      peers: 0,
      findings: [],
    }),
  );
  return [...rows, ...declared].sort((a, b) => b.findings.length - a.findings.length || (a.prefix < b.prefix ? -1 : 1));
}
