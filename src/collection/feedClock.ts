import { z } from 'zod';

export interface AheadPeer {
  /** Address of the peer (`*` for all of a collector), and the route collector that stamped its messages. */
  peer: string;
  host: string;
  /** How far beyond this machine's clock the newest message was, seconds. */
  aheadSeconds: number;
  /** Messages that were refused since the collector began. */
  refused: number;
}

/** Within the 30 s that a minute waits for stragglers: whoever is ahead by less closes no minute on true messages. */
const SLACK_MILLISECONDS = 20_000;
/** This machine's clock may be behind by so much, if all that speak say so. */
const MOST_BEHIND_MILLISECONDS = 600_000;
const LEAST_PEERS = 3;
/** In the place of a peer's address: the collector itself. */
const ALL_PEERS = '*';
/** Nothing was taken for so long before that is asked. */
const DEAF_MILLISECONDS = 30_000;
const MOST_PEERS = 1_000;

const stamp = z.object({ data: z.object({ peer: z.string(), host: z.string().default('?'), timestamp: z.number() }) });

/** Who sent a message and when, of one whose time was refused; null where it cannot be read. */
export function stampOf(text: string | Uint8Array): { peer: string; host: string; timeMs: number } | null {
  const stamped = stamp.safeParse(JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8')));
  if (!stamped.success) return null;
  const { peer, host, timestamp } = stamped.data.data;
  return { peer: peer.slice(0, 64), host: host.slice(0, 64), timeMs: timestamp * 1000 };
}

/**
 * How late a message of a live feed may be: this machine's clock and a little more, and never what other messages say,
 * or each would carry the limit on for the next. A step of the wall clock back is no reason to refuse the feed: the
 * clock that only rises goes on from where it was.
 */
export class FeedClock {
  readonly #anchor: number;
  readonly #peers = new Map<string, AheadPeer & { at: number }>();
  #takenAt: number;
  /** By how much this machine's clock is behind that of everybody who speaks, ms. */
  #behind = 0;

  /** @param now ms since 1970; @param elapsed ms that only rise; @param severalHosts the stream may have more than one collector */
  constructor(
    private readonly now: () => number,
    private readonly elapsed: () => number,
    private readonly severalHosts = false,
  ) {
    this.#anchor = now() - elapsed();
    this.#takenAt = elapsed();
  }

  /** The wall clock, or what it would show had it not been set back, ms. */
  time(): number {
    return Math.max(this.now(), this.#anchor + this.elapsed()) + this.#behind;
  }

  /** The latest time that a message may have, ms. */
  latest(): number {
    return this.time() + SLACK_MILLISECONDS;
  }

  /** By how much this machine's clock is taken to be behind, seconds. */
  get behindSeconds(): number {
    return Math.round(this.#behind / 1000);
  }

  /** A message was in time. */
  taken(): void {
    this.#takenAt = this.elapsed();
  }

  /** Sets a message aside. @returns whether the limit has moved: this machine's clock turned out to be behind */
  refused(message: { peer: string; host: string; timeMs: number }): boolean {
    const { peer, host, timeMs } = message;
    const key = `${host} ${peer}`;
    const aheadSeconds = Math.round((timeMs - this.time()) / 1000);
    const refused = (this.#peers.get(key)?.refused ?? 0) + 1;
    if (this.#peers.size < MOST_PEERS || this.#peers.has(key))
      this.#peers.set(key, { peer, host, aheadSeconds, refused, at: this.elapsed() });
    return this.#ownClockIsBehind();
  }

  /** Those whose messages were refused within the last minute, the farthest ahead first. */
  ahead(): AheadPeer[] {
    const since = this.elapsed() - 60_000;
    return [...this.#peers.values()]
      .filter(({ at }) => at >= since)
      .map(({ at: _at, ...peer }) => peer)
      .sort((a, b) => b.aheadSeconds - a.aheadSeconds);
  }

  /**
   * Those of `ahead` by what is wrong: a route collector of which several peers are ahead by about the same has a fast clock
   * itself, and is named once; peers alone stand for themselves.
   */
  aheadByHost(): AheadPeer[] {
    const byHost = new Map<string, AheadPeer[]>();
    for (const one of this.ahead()) byHost.set(one.host, [...(byHost.get(one.host) ?? []), one]);
    const named = [...byHost].flatMap(([host, peers]) => {
      const [most, least] = [peers[0]!.aheadSeconds, peers.at(-1)!.aheadSeconds];
      if (peers.length < LEAST_PEERS || (most - least) * 1000 > SLACK_MILLISECONDS) return peers;
      return [
        { peer: ALL_PEERS, host, aheadSeconds: most, refused: peers.reduce((sum, { refused }) => sum + refused, 0) },
      ];
    });
    return named.sort((a, b) => b.aheadSeconds - a.aheadSeconds);
  }

  /** Nobody is in time, and several peers agree: then it is this machine that is off. Bounded against its own clock. */
  #ownClockIsBehind(): boolean {
    if (this.elapsed() - this.#takenAt < DEAF_MILLISECONDS) return false;
    const ahead = this.ahead();
    const offsets = ahead.map(({ aheadSeconds }) => aheadSeconds * 1000);
    if (offsets.length < LEAST_PEERS) return false;
    // Where several collectors could speak, one that is ahead does not prove this machine's clock wrong.
    if (this.severalHosts && new Set(ahead.map(({ host }) => host)).size < 2) return false;
    const middle = offsets[Math.floor(offsets.length / 2)]!;
    if (this.#behind + middle > MOST_BEHIND_MILLISECONDS) return false;
    this.#behind += middle;
    this.#takenAt = this.elapsed();
    return true;
  }
}
