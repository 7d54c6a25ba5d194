import type { MinuteEvidence } from '../features/row.js';
import type { PathGraph } from './api/schema.js';

const MOST_NODES = 40;

interface Minute {
  minute: number;
  evidence: Partial<MinuteEvidence>;
}

/** Prefixes that the evidence has routes of, those with most peers first. */
export function prefixesWithPaths(minutes: readonly Minute[]): string[] {
  const peers = new Map<string, number>();
  for (const { evidence } of minutes) {
    for (const route of evidence.newOrigins ?? []) {
      peers.set(route.prefix, Math.max(peers.get(route.prefix) ?? 0, route.peers));
    }
    for (const route of evidence.moreSpecifics ?? []) {
      peers.set(route.prefix, Math.max(peers.get(route.prefix) ?? 0, route.peers));
    }
    for (const link of evidence.newLinks ?? []) {
      for (const prefix of link.prefixes) if (!peers.has(prefix)) peers.set(prefix, 0);
    }
  }
  return [...peers]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([prefix]) => prefix)
    .slice(0, 50);
}

/**
 * The ASes and links on the way to a prefix before and during an incident, from the evidence of its minutes: paths of
 * routes with a new origin, the origins that held it before, and links never seen before. An edge runs from the
 * observing side to the prefix.
 */
export function pathGraph(minutes: readonly Minute[], wanted?: string): PathGraph {
  const prefixes = prefixesWithPaths(minutes);
  const prefix = wanted !== undefined && prefixes.includes(wanted) ? wanted : (prefixes[0] ?? null);
  const nodes = new Map<string, PathGraph['nodes'][number]>();
  const edges = new Map<string, PathGraph['edges'][number]>();
  const graph = { prefix, prefixes, minutes: minutes.map(({ minute }) => minute) };
  if (prefix === null) return { ...graph, nodes: [], edges: [] };

  const node = (id: string, kind: PathGraph['nodes'][number]['kind']): boolean => {
    const known = nodes.get(id);
    if (known !== undefined) {
      if (kind === 'origin' && known.kind !== 'prefix') known.kind = 'origin';
      return true;
    }
    if (nodes.size >= MOST_NODES) return false;
    nodes.set(id, { id, label: kind === 'prefix' ? id : `AS${id}`, kind });
    return true;
  };
  const edge = (from: string, to: string, values: Omit<PathGraph['edges'][number], 'from' | 'to'>) => {
    const key = `${from}>${to}`;
    const known = edges.get(key);
    if (known === undefined) edges.set(key, { from, to, ...values });
    else if (values.isNew && !known.isNew) Object.assign(known, { isNew: true, words: values.words });
  };
  const before = (origin: number, target: string, words: string) => {
    if (node(String(origin), 'origin')) {
      edge(String(origin), target, { before: true, since: null, isNew: false, words });
    }
  };

  node(prefix, 'prefix');
  for (const { minute, evidence } of minutes) {
    for (const route of evidence.newOrigins ?? []) {
      if (route.prefix !== prefix) continue;
      for (const origin of route.previousOrigins) before(origin, prefix, `AS${origin} announced ${prefix} before`);
      addPath(route.path, minute);
      if (node(String(route.origin), 'origin')) {
        edge(String(route.origin), prefix, {
          before: false,
          since: minute,
          isNew: true,
          words: `AS${route.origin} announces ${prefix}: a new origin, seen by ${route.peers} peers`,
        });
      }
    }
    for (const route of evidence.moreSpecifics ?? []) {
      if (route.prefix !== prefix) continue;
      for (const origin of route.coveringOrigins) {
        before(origin, prefix, `AS${origin} holds ${route.covering}, which covers ${prefix}`);
      }
      if (node(String(route.origin), 'origin')) {
        edge(String(route.origin), prefix, {
          before: false,
          since: minute,
          isNew: true,
          words: `AS${route.origin} announces ${prefix}, part of ${route.covering}, seen by ${route.peers} peers`,
        });
      }
    }
    for (const link of evidence.newLinks ?? []) {
      if (!link.prefixes.includes(prefix)) continue;
      const [left, right] = [String(link.left), String(link.right)];
      if (!node(left, 'as') || !node(right, 'as')) continue;
      edge(left, right, {
        before: false,
        since: minute,
        isNew: true,
        words: `AS${left} and AS${right} were never neighbours before; ${link.routes} routes go that way`,
      });
    }
  }
  return { ...graph, nodes: [...nodes.values()], edges: [...edges.values()] };

  function addPath(path: readonly number[], minute: number): void {
    // Prepending repeats an AS; on a graph it is one node.
    const hops = path.map(String).filter((hop, index) => hop !== String(path[index - 1]));
    hops.forEach((hop, index) => {
      const next = hops[index + 1];
      if (!node(hop, index === 0 ? 'peer' : 'as') || next === undefined) return;
      if (node(next, 'as')) {
        edge(hop, next, {
          before: false,
          since: minute,
          isNew: false,
          words: `on a path to ${prefix} during the incident`,
        });
      }
    });
  }
}
