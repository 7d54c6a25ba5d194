/** A peer that spoke in so large a share of its minutes does not fall silent for so many of them by chance. */
const TALKS = 0.5;
const SILENT = 20;
/** Minutes that must be known of a peer before its silence says anything. */
const KNOWN = 60;

interface Heard {
  /** Minutes of the stream's own clock, below. */
  first: number;
  last: number;
  /** Minutes in which it said something. */
  minutes: number;
}

/** As a snapshot keeps it. */
export interface HeardPeers {
  clock: number;
  peers: [peer: number, heard: Heard][];
}

/**
 * Peers that used to speak in most minutes and fell silent. Their last routes stay in the table, but say nothing of the
 * present. A peer of a small feed, which may be silent for hours while all is well, is none of them.
 */
export class QuietPeers {
  #heard = new Map<number, Heard>();
  /** Minutes in which any peer spoke: while the feed itself is away, nobody falls silent. */
  #clock = 0;

  /** @param peers identifiers of the peers that sent routes in a minute; called once a minute */
  hear(peers: readonly number[]): void {
    if (peers.length === 0) return;
    this.#clock++;
    for (const peer of peers) {
      const heard = this.#heard.get(peer);
      if (heard === undefined) this.#heard.set(peer, { first: this.#clock, last: this.#clock, minutes: 1 });
      else {
        heard.last = this.#clock;
        heard.minutes++;
      }
    }
  }

  /** Those that are silent now, in the order in which they first spoke. */
  now(): number[] {
    return [...this.#heard]
      .filter(([, { first, last, minutes }]) => {
        const known = last - first + 1;
        return this.#clock - last >= SILENT && known >= KNOWN && minutes >= known * TALKS;
      })
      .map(([peer]) => peer);
  }

  toJson(): HeardPeers {
    return { clock: this.#clock, peers: [...this.#heard] };
  }

  restore({ clock, peers }: HeardPeers): void {
    this.#clock = clock;
    this.#heard = new Map(peers);
  }
}
