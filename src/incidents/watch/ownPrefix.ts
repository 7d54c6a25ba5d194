/** A peer's route to a prefix of the operator's. */
export interface PeerRoute {
  /** From the peer to the origin, repetitions kept; an AS set at its end is left out. */
  hops: readonly number[];
  /** Networks that may be the origin: one, or the members of an AS set. */
  origins: readonly number[];
  /** When it was announced, ms since 1970. */
  sinceMs: number;
  /** When it was withdrawn, ms; null while it is announced. */
  lostMs: number | null;
  /** No message brought it, but a table dump. */
  fromTable?: boolean;
  /** The route of a network that may originate it, of which a stranger's took the place. */
  rightful?: { hops: readonly number[]; origins: readonly number[] };
}

/** A prefix that is the operator's, lies inside one, or is announced by a network of the operator's. */
export interface OwnPrefix {
  prefix: string;
  /** The declared prefix around it; null: only a network of the operator's makes it worth following. */
  declared: string | null;
  /** Networks that may originate it: as declared, or the first ones seen where nobody declared any. */
  allowed: number[];
  /** Who held it, or the block around it, before a network of the operator's announced it; 0: nobody known. */
  holder: number;
  /** It had held it for less than an hour: once fewer peers have its route than ours, it may as well have taken it. */
  brief?: boolean;
  routes: Map<string, PeerRoute>;
  /** Since when so many peers have lost it that it may be an outage, ms. */
  losingMs: number | null;
  /** It has been lost for long enough; false again when it is back. */
  lost: boolean;
}

export function standing({ routes }: OwnPrefix): [peer: string, route: PeerRoute][] {
  return [...routes].filter(([, route]) => route.lostMs === null);
}

/** Each network once where it is repeated in a row. */
export function withoutPrepends(hops: readonly number[]): number[] {
  return hops.filter((hop, at) => hop !== hops[at - 1]);
}

interface StoredPrefix extends Omit<OwnPrefix, 'routes'> {
  routes: [string, PeerRoute][];
}

export function storedPrefix(own: OwnPrefix): StoredPrefix {
  return { ...own, routes: [...own.routes] };
}

export function readPrefix(stored: StoredPrefix): OwnPrefix {
  return { ...stored, routes: new Map(stored.routes) };
}
