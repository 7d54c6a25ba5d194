import type { RoutingHoldings } from '../features/routing/routingState.js';
import type { Logger } from '../sources/source.js';
import { plural } from '../words/plural.js';

/** What a stream at its bounds forgets or leaves out, in words and with what to set; null where it is below them. */
export function boundWords(
  holdings: Pick<RoutingHoldings, 'routes' | 'peers' | 'bytes' | 'evictedRoutes'>,
  bounds: { routes: number; peers: number },
): string | null {
  const { routes, peers, bytes, evictedRoutes } = holdings;
  if (peers >= bounds.peers) return `${plural(peers, 'peer')} known and no further ones: set features.peers higher`;
  if (routes < bounds.routes || evictedRoutes === 0) return null;
  const perRoute = Math.max(1, Math.round(bytes / routes));
  return `${plural(routes, 'route')} known and ${evictedRoutes.toLocaleString('en')} forgotten: set features.routes higher (some ${perRoute} bytes a route)`;
}

/** Says once that a stream has come to its bounds. */
export class BoundWatch {
  #said = false;

  constructor(
    private readonly stream: string,
    private readonly bounds: { routes: number; peers: number },
    private readonly logger: Logger,
  ) {}

  look(holdings: Parameters<typeof boundWords>[0]): void {
    if (this.#said) return;
    const words = boundWords(holdings, this.bounds);
    if (words === null) return;
    this.#said = true;
    this.logger.warn({ stream: this.stream }, words);
  }
}
