import type { RouteMessage } from '../incident.js';
import type { Declaration } from './declaration.js';
import { type Finding, seenBy } from './finding.js';
import { MESSAGES } from './routeMessage.js';
import { neighboursIn } from './rules/neighbours.js';

/** Routes of others need no answer: what was last seen so long ago is old news, ms. */
const QUIET_MS = 3_600_000;
const SAMPLE = 5;
const MOST = 1000;

interface Transit {
  side: 'upstream' | 'downstream';
  neighbour: number;
  own: number;
  peers: string[];
  prefixes: string[];
  hops: readonly number[];
  /** Absent in stands of before. */
  messages?: RouteMessage[];
  lastMs: number;
}

/** Neighbours beside the operator's networks in the paths of other networks' prefixes, that should not be there. */
export class Transits {
  readonly #seen = new Map<string, Transit>();

  constructor(private readonly declaration: Declaration) {}

  get watching(): boolean {
    const { upstreams, downstreams } = this.declaration.settings;
    return this.declaration.networks.size > 0 && (upstreams !== undefined || downstreams !== undefined);
  }

  /** @returns whether there is anything unexpected in the path */
  note(hops: readonly number[], peer: string, prefix: () => string, ms: number): boolean {
    const { networks, settings } = this.declaration;
    if (!hops.some((hop) => networks.has(hop))) return false;
    const { own, upstream, downstream } = neighboursIn(hops, networks);
    const sides = [
      { side: 'upstream' as const, neighbour: upstream, expected: settings.upstreams },
      { side: 'downstream' as const, neighbour: downstream, expected: settings.downstreams },
    ];
    let any = false;
    for (const { side, neighbour, expected } of sides) {
      if (neighbour === undefined || expected?.includes(neighbour) !== false) continue;
      const key = `${side} ${own} ${neighbour}`;
      if (!this.#seen.has(key) && this.#seen.size >= MOST) continue;
      const known = this.#seen.get(key) ?? { side, neighbour, own, peers: [], prefixes: [], hops, lastMs: ms };
      if (!known.peers.includes(peer)) known.peers.push(peer);
      if (known.prefixes.length < SAMPLE && !known.prefixes.includes(prefix())) known.prefixes.push(prefix());
      if ((known.messages ??= []).length < MESSAGES) {
        const at = new Date(ms).toISOString();
        known.messages.push({ at, peer, kind: 'announcement', prefix: prefix(), path: [...hops] });
      }
      known.lastMs = ms;
      this.#seen.set(key, known);
      any = true;
    }
    return any;
  }

  findings(nowMs: number, of: number): Finding[] {
    for (const [key, { lastMs }] of this.#seen) if (nowMs - lastMs > QUIET_MS) this.#seen.delete(key);
    return [...this.#seen.values()].map(
      ({ side, neighbour, own, peers, prefixes, hops, messages = [] }): Finding => ({
        kind: side === 'upstream' ? 'new upstream' : 'new downstream',
        network: neighbour,
        class: 'leak',
        severity: 'major',
        prefix: prefixes[0] ?? '',
        watched: `AS${own}`,
        ...this.declaration.groupOf(own),
        words: [
          `your AS${own} has AS${neighbour} as ${side} in paths to ${prefixes.join(', ')}, ${seenBy(peers.length, of)}`,
          `AS${neighbour} is not in watch.${side}s; path ${hops.join(' ')}`,
        ],
        peers: peers.length,
        path: hops,
        messages,
      }),
    );
  }

  write(): unknown[] {
    return [...this.#seen.values()];
  }

  read(stored: readonly unknown[]): void {
    for (const transit of stored as Transit[]) {
      this.#seen.set(`${transit.side} ${transit.own} ${transit.neighbour}`, transit);
    }
  }
}
