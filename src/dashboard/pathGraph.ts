import type { MinuteEvidence } from '../features/row.js';
import { seenOf, seenWords } from '../incidents/seenBy.js';
import { plural } from '../words/plural.js';
import type { PathGraph } from './api/schema.js';

const MOST_NODES = 40;
const LOOKED_THROUGH = 12;

interface Minute {
  minute: number;
  evidence: Partial<MinuteEvidence>;
}

/** Prefixes that the evidence has routes of, those with most peers first. */
export function prefixesWithPaths(minutes: readonly Minute[]): string[] {
  const peers = new Map<string, number>();
  const count = (prefix: string, seen: number) => peers.set(prefix, Math.max(peers.get(prefix) ?? 0, seen));
  for (const { evidence } of minutes) {
    for (const route of evidence.newOrigins ?? []) count(route.prefix, route.peers);
    for (const route of evidence.moreSpecifics ?? []) count(route.prefix, route.peers);
    for (const link of evidence.newLinks ?? []) for (const prefix of link.prefixes) count(prefix, 0);
    const whole = new Map<string, number>();
    for (const { prefix } of evidence.paths ?? []) whole.set(prefix, (whole.get(prefix) ?? 0) + 1);
    // Those of which every peer's path is known show most.
    for (const [prefix, known] of whole) count(prefix, 1000 + known);
  }
  return [...peers]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([prefix]) => prefix)
    .slice(0, 50);
}

/**
 * The ASes and links on the way to a prefix before and during an incident, from the evidence of its minutes: each peer's
 * path before and after it changed, the origins that held the prefix before, and links never seen before. An edge runs
 * from the observing side to the prefix.
 */
export function pathGraph(minutes: readonly Minute[], wanted?: string): PathGraph {
  const prefixes = prefixesWithPaths(minutes);
  if (wanted !== undefined && prefixes.includes(wanted)) return graphOf(wanted, prefixes, minutes);
  // The first picture should have something to show: of some prefixes only the way back is recorded.
  for (const prefix of prefixes.slice(0, LOOKED_THROUGH)) {
    const graph = graphOf(prefix, prefixes, minutes);
    if (graph.height !== null) return graph;
  }
  return graphOf(prefixes[0] ?? null, prefixes, minutes);
}

function graphOf(prefix: string | null, prefixes: string[], minutes: readonly Minute[]): PathGraph {
  const graph = new Drawing(prefix ?? '');
  if (prefix !== null) {
    for (const { minute, evidence } of minutes) graph.add(minute, evidence);
    graph.joinLooseEnds();
  }
  const edges = [...graph.edges.values()];
  const times = minutes.map(({ minute }) => minute);
  return {
    height: prefix === null ? null : heightOf(prefix, times, graph.routes, edges),
    prefix,
    prefixes,
    minutes: times,
    routes: graph.routes,
    nodes: prefix === null ? [] : [...graph.nodes.values()],
    edges,
  };
}

type Edge = PathGraph['edges'][number];

/** How many of the peers whose path is known go over new links or to new origins, up to and including a minute. */
export function changedPeers(
  { prefix, routes, edges }: Pick<PathGraph, 'prefix' | 'routes' | 'edges'>,
  at: number,
): { changed: number; known: number } {
  const fresh = new Set(
    edges.filter(({ isNew, since }) => isNew && since !== null && since <= at).map(({ from, to }) => `${from}>${to}`),
  );
  const now = new Map<string, PathGraph['routes'][number]>();
  for (const route of routes) if (route.since === null || route.since <= at) now.set(route.peer, route);
  const taken = [...now.values()].filter(({ path }) =>
    path.some((hop, index) => fresh.has(`${hop}>${path[index + 1] ?? prefix}`)),
  );
  return { changed: taken.length, known: now.size };
}

/** The first minute in which most peers take new ways; without known paths the one in which most new links are there. */
function heightOf(
  prefix: string,
  minutes: readonly number[],
  routes: PathGraph['routes'],
  edges: readonly Edge[],
): number | null {
  const graph = { prefix, routes, edges: [...edges] };
  let height: { minute: number; changed: number; links: number } | null = null;
  for (const minute of minutes) {
    const { changed } = changedPeers(graph, minute);
    const links = edges.filter(({ isNew, since }) => isNew && since !== null && since <= minute).length;
    const higher =
      height === null ||
      changed > height.changed ||
      (changed === height.changed && changed === 0 && links > height.links);
    if (higher) height = { minute, changed, links };
  }
  return height === null || (height.changed === 0 && height.links === 0) ? null : height.minute;
}

const peersOf = (count: number): string => `${count} peer${count === 1 ? '' : 's'}`;

function sightOf(route: Parameters<typeof seenOf>[0]): string {
  const seen = seenOf(route);
  return seen.routes === undefined ? peersOf(seen.peers) : seenWords(seen, 0);
}

class Drawing {
  readonly nodes = new Map<string, PathGraph['nodes'][number]>();
  readonly edges = new Map<string, Edge>();
  readonly routes: PathGraph['routes'] = [];

  constructor(readonly prefix: string) {
    this.#node(prefix, 'prefix');
  }

  add(minute: number, evidence: Partial<MinuteEvidence>): void {
    const { prefix } = this;
    for (const { peer, prefix: of, before, during } of evidence.paths ?? []) {
      if (of !== prefix) continue;
      if (!this.routes.some((route) => route.peer === peer)) {
        if (before.length > 0) this.routes.push({ peer, since: null, path: this.#path(before, null) });
      }
      this.routes.push({ peer, since: minute, path: this.#path(during, minute) });
    }
    for (const route of evidence.newOrigins ?? []) {
      if (route.prefix !== prefix) continue;
      for (const origin of route.previousOrigins) this.#heldBefore(origin, `AS${origin} announced ${prefix} before`);
      this.#path(route.path, minute);
      this.#announced(
        route.origin,
        minute,
        `AS${route.origin} announces ${prefix}: a new origin, seen by ${sightOf(route)}`,
      );
    }
    for (const route of evidence.moreSpecifics ?? []) {
      if (route.prefix !== prefix) continue;
      for (const origin of route.coveringOrigins) {
        this.#heldBefore(origin, `AS${origin} holds ${route.covering}, which covers ${prefix}`);
      }
      this.#announced(
        route.origin,
        minute,
        `AS${route.origin} announces ${prefix}, part of ${route.covering}, seen by ${sightOf(route)}`,
      );
    }
    // Only a minute's most seen new origins are listed; the paths show the others.
    for (const { prefix: of, before, during } of evidence.paths ?? []) {
      const [held, origin] = [before.at(-1), during.at(-1)];
      if (of !== prefix || held === undefined || origin === undefined || held === origin) continue;
      if (this.edges.has(`${origin}>${prefix}`) && this.edges.get(`${origin}>${prefix}`)?.since === null) continue;
      this.#announced(origin, minute, `AS${origin} announces ${prefix}, which AS${held} announced before`);
    }
    for (const link of evidence.newLinks ?? []) {
      const [left, right] = [String(link.left), String(link.right)];
      // A sample of the link's prefixes is kept; a path over it shows as much.
      if (!link.prefixes.includes(prefix) && !this.edges.has(`${left}>${right}`)) continue;
      if (!this.#node(left, 'as') || !this.#node(right, 'as')) continue;
      this.#edge(left, right, {
        before: false,
        since: minute,
        isNew: true,
        words: `AS${left} and AS${right} were never neighbours before; ${plural(link.routes, 'route')} ${link.routes === 1 ? 'goes' : 'go'} that way`,
      });
    }
  }

  /** Of a new link alone it is not known how its far end reaches the prefix. */
  joinLooseEnds(): void {
    const leaves = new Set([...this.edges.values()].map(({ from }) => from));
    for (const edge of [...this.edges.values()]) {
      if (edge.to === this.prefix || leaves.has(edge.to)) continue;
      this.#edge(edge.to, this.prefix, { ...edge, isNew: false, words: `on to ${this.prefix} by a path not recorded` });
    }
  }

  #heldBefore(origin: number, words: string): void {
    if (!this.#node(String(origin), 'origin')) return;
    this.#edge(String(origin), this.prefix, { before: true, since: null, isNew: false, words });
  }

  #announced(origin: number, minute: number, words: string): void {
    if (!this.#node(String(origin), 'origin')) return;
    this.#edge(String(origin), this.prefix, { before: false, since: minute, isNew: true, words });
  }

  /** Draws a path to the prefix. @returns its ASes, each once. @param since null: it was there before */
  #path(path: readonly number[], since: number | null): string[] {
    // Prepending repeats an AS; on a graph it is one node.
    const hops = path.map(String).filter((hop, index) => hop !== String(path[index - 1]));
    [...hops, this.prefix].forEach((hop, index, all) => {
      const next = all[index + 1];
      if (next === undefined || !this.#node(hop, index === 0 ? 'peer' : 'as') || !this.#node(next, 'as')) return;
      const when = since === null ? 'before it changed' : 'since it changed';
      this.#edge(hop, next, {
        before: since === null,
        since,
        isNew: false,
        words: `on a path to ${this.prefix} ${when}`,
      });
    });
    return hops;
  }

  /** @returns false when the picture is full */
  #node(id: string, kind: PathGraph['nodes'][number]['kind']): boolean {
    const known = this.nodes.get(id);
    if (known !== undefined) {
      if (kind === 'origin' && known.kind !== 'prefix') known.kind = 'origin';
      return true;
    }
    if (this.nodes.size >= MOST_NODES) return false;
    this.nodes.set(id, { id, label: kind === 'prefix' ? id : `AS${id}`, kind });
    return true;
  }

  #edge(from: string, to: string, values: Omit<Edge, 'from' | 'to'>): void {
    const key = `${from}>${to}`;
    const known = this.edges.get(key);
    if (known === undefined) this.edges.set(key, { from, to, ...values });
    else if (values.before && !known.before) Object.assign(known, { before: true, isNew: false, words: values.words });
    else if (values.isNew && !known.isNew && !known.before) {
      Object.assign(known, { isNew: true, words: values.words });
    }
  }
}
