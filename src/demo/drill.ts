import type { Minute } from '../features/row.js';
import { ArchiveServer } from '../simulation/archiveServer.js';
import { RisLiveServer } from '../simulation/risLiveServer.js';
import type { GroundTruth } from '../simulation/script.js';
import { SimulatedWorld } from '../simulation/world.js';
import type { WorldOptions } from '../simulation/worldOptions.js';
import type { Logger } from '../sources/source.js';
import { ChatServer } from './chatServer.js';

/** The archive has a table dump every eight hours: the world begins with the newest. */
const DUMP_MINUTES = 480;
/** Of the sixty prefixes that a scripted hijack counts from: one. */
const ONE_PREFIX = 1 / 60;
/** A hijack that fewer peers see tries nothing out. */
const LEAST_SHARE = 0.5;
const TRIES = 50;
/** After the prefix was given back: what is said of that comes at the same pace. */
const REST_MINUTES = 2;
/** Minutes further back are history (alerts.historyMinutes), of which no chat hears. */
const MOST_BEHIND_MINUTES = 45;
/** A feed that is silent for longer is stale, beyond what it is late by. */
const STALE_SECONDS = 180;

export interface DrillOptions {
  seed: number;
  now: Date;
  /** Minutes until the hijack begins, and those that it lasts. */
  after: number;
  lasts: number;
  /** How many times as fast as the clock; absent: 1. */
  pace?: number;
  logger: Logger;
  /** What came to the chat's webhook. */
  onChat: (lines: string[]) => void;
}

/** At this pace it would begin further back than anybody is called for. */
export class TooFarBack extends Error {
  constructor() {
    super(`the drill would begin more than ${MOST_BEHIND_MINUTES} minutes ago: a slower pace, or fewer minutes`);
    this.name = 'TooFarBack';
  }
}

/**
 * A simulated Internet at the pace of the clock, in which one network's prefix is taken and given back; and a chat to hear
 * of it. At a quicker pace it begins in the past and has caught up with the clock at its end, since a live feed is never
 * ahead of it.
 */
export class Drill {
  readonly truth: GroundTruth;
  readonly #feed: RisLiveServer;
  readonly #archive: ArchiveServer;
  readonly #chat: ChatServer;
  readonly #now: Minute;
  readonly #pace: number;
  /** By the clock, and by its own time, ms. */
  readonly #began: number;
  readonly #from: number;

  /** @throws TooFarBack */
  constructor(options: DrillOptions) {
    const { now, after, lasts, pace = 1 } = options;
    const behind = (after + lasts + REST_MINUTES) * (1 - 1 / pace);
    if (behind > MOST_BEHIND_MINUTES) throw new TooFarBack();
    this.#pace = pace;
    this.#began = now.getTime();
    this.#from = this.#began - behind * 60_000;
    this.#now = Math.floor(this.#from / 60_000);
    const { script, truth } = hijackSeen(options, this.#now);
    this.truth = truth;
    const world = new SimulatedWorld(script);
    this.#feed = new RisLiveServer({ world, logger: options.logger });
    // A world of its own, as both walk through the minutes at their own pace.
    this.#archive = new ArchiveServer({ world: new SimulatedWorld(script), horizon: () => this.#feed.state.position });
    this.#chat = new ChatServer(options.onChat);
  }

  /** Its own time, ms since 1970. */
  time(): number {
    return Math.min(Date.now(), this.#from + (Date.now() - this.#began) * this.#pace);
  }

  /** How far it begins in the past, seconds. */
  get behindSeconds(): number {
    return Math.ceil((this.#began - this.#from) / 1000);
  }

  /** When it has caught up with the clock, ms. */
  get caughtUpAt(): number {
    return this.#pace === 1 ? this.#began : this.#began + (this.behindSeconds * 1000) / (this.#pace - 1);
  }

  /** When its own time comes to this, by the clock, ms. */
  clockAt(time: number): number {
    return Math.max(time, this.#began + (time - this.#from) / this.#pace);
  }

  /** @returns the settings of a system that listens to this drill, but for what is `watch`ed */
  async listen(): Promise<Record<'streams' | 'feed' | 'archive' | 'alerts' | 'dashboard', unknown>> {
    const [feed, archive, chat] = [await this.#feed.listen(), await this.#archive.listen(), await this.#chat.listen()];
    // what was before now, nobody can have heard
    await this.#feed.playUntil(this.#now);
    const { behindSeconds } = this;
    return {
      // a feed that catches up is late, not silent
      dashboard: { staleAfter: STALE_SECONDS + behindSeconds },
      streams: [{ name: 'drill', host: 'rrc00' }],
      feed: { url: feed },
      archive: { url: archive },
      alerts: {
        feedStaleSeconds: STALE_SECONDS + behindSeconds,
        channels: [{ name: 'chat', type: 'slack', url: chat }],
      },
    };
  }

  /** Plays until the signal. */
  async play(signal: AbortSignal): Promise<void> {
    try {
      await this.#feed.playUntil(Number.MAX_SAFE_INTEGER, { clock: () => this.time(), signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#feed.close(), this.#archive.close(), this.#chat.close()]);
  }
}

/** The first world, from the seed on, in which at least half of the peers take the hijacker's route. */
function hijackSeen(options: DrillOptions, now: Minute): { script: WorldOptions; truth: GroundTruth } {
  for (let seed = options.seed; seed < options.seed + TRIES; seed++) {
    const script: WorldOptions = {
      seed,
      startMinute: Math.floor(now / DUMP_MINUTES) * DUMP_MINUTES,
      incidents: [
        {
          class: 'hijack',
          startMinute: now + options.after,
          durationMinutes: options.lasts,
          magnitude: ONE_PREFIX,
        },
      ],
    };
    const world = new SimulatedWorld(script);
    const [truth] = world.groundTruth();
    const sessions = world.table.sessions.filter(({ family }) => family === 4).length;
    if (truth!.peers.length >= sessions * LEAST_SHARE) return { script, truth: truth! };
  }
  throw new Error(`no hijack that half of the peers see in ${TRIES} worlds from seed ${options.seed} on`);
}
