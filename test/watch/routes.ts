import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import type { Incident, IncidentChange } from '../../src/incidents/incident.js';
import { type Validity, type Vrp, VrpTable } from '../../src/incidents/rpki/validity.js';
import { Declaration } from '../../src/incidents/watch/declaration.js';
import { watchSettings } from '../../src/incidents/watch/settings.js';
import type { WatchEntry } from '../../src/incidents/watch/watchEntry.js';
import { Watcher } from '../../src/incidents/watch/watcher.js';

/** 2026-01-01T00:00Z in seconds. */
export const BASE = 1_767_225_600;
export const OURS = 64510;
export const STRANGER = 64666;
export const PEERS = [1, 2, 3, 4, 5, 6];

/** A message of one peer, `at` seconds after BASE; peer N is 192.0.2.N of AS 64495 + N. */
export interface Said {
  at: number;
  peer: number;
  announce?: string[];
  path?: (number | number[])[];
  withdraw?: string[];
  state?: 'connected' | 'down';
}

export function line({ at, peer, announce, path, withdraw, state }: Said): string {
  const data: Record<string, unknown> = {
    timestamp: BASE + at,
    peer: `192.0.2.${peer}`,
    peer_asn: String(64495 + peer),
    id: `192.0.2.${peer}-${at}-${announce ?? ''}${withdraw ?? ''}`,
    host: 'rrc00.ripe.net',
    type: state === undefined ? 'UPDATE' : 'RIS_PEER_STATE',
  };
  if (state !== undefined) data.state = state;
  if (announce !== undefined) {
    const announcements = [{ next_hop: `192.0.2.${peer}`, prefixes: announce }];
    Object.assign(data, { path: path ?? [64495 + peer, 65000], origin: 'IGP', announcements });
  }
  if (withdraw !== undefined) data.withdrawals = withdraw;
  return JSON.stringify({ type: 'ris_message', data });
}

/** Peers announce a prefix one after another, half a second apart, by AS65000 from `origin`. */
export function announced(at: number, prefix: string, origin: number, peers = PEERS, via = [65000]): Said[] {
  return peers.map((peer, n) => ({
    at: at + n / 2,
    peer,
    announce: [prefix],
    path: [64495 + peer, ...via, origin],
  }));
}

export function withdrawn(at: number, prefix: string, peers = PEERS): Said[] {
  return peers.map((peer, n) => ({ at: at + n / 2, peer, withdraw: [prefix] }));
}

export interface Watched {
  changes: IncidentChange[];
  /** As they stand at the end, by start and subject. */
  incidents: Incident[];
  watcher: Watcher;
}

export interface WatchOptions {
  watch: Parameters<typeof watchSettings.parse>[0];
  vrps?: Vrp[];
  /** Seconds after BASE at which the clock stands at the end. */
  until: number;
  /** Messages in one batch. */
  batch?: number;
  /** Goes on with this one. */
  from?: Watcher;
  /** Every batch is read by a new watcher, which goes on from what the one before wrote. */
  restart?: boolean;
}

/** Lets a watcher read messages in batches, as the stage reads the log. */
export function watched(messages: readonly Said[], options: WatchOptions): Watched {
  const { watch, vrps, until, batch = 100 } = options;
  const table = vrps === undefined ? null : new VrpTable(vrps);
  const validityOf = (prefix: string, origin: number): Validity | undefined => table?.validity(prefix, origin);
  const declaration = new Declaration(watchSettings.parse(watch));
  const fresh = () => new Watcher({ stream: 's', declaration, validityOf });
  let watcher = options.from ?? fresh();
  const changes: IncidentChange[] = [];
  const incidents = new Map<string, Incident>();
  const take = (entry: WatchEntry) => {
    watcher.take(entry);
    const drained = watcher.drain();
    changes.push(...drained.changes);
    for (const one of drained.incidents) incidents.set(`${one.startedAt} ${one.subject}`, one);
    if (options.restart !== true) return;
    const next = fresh();
    next.read(watcher.write());
    watcher = next;
  };
  const ordered = [...messages].sort((a, b) => a.at - b.at);
  for (let from = 0; from < ordered.length; from += batch) {
    const part = ordered.slice(from, from + batch);
    const builder = new UpdateBatchBuilder();
    for (const message of part) {
      const outcome = decodeRisLiveMessage(line(message), builder);
      if (outcome.kind === 'bad') throw new Error(outcome.reason);
    }
    const times = part.map(({ at }) => (BASE + at) * 1000);
    take({ kind: 'updates', sinceMs: times[0]!, untilMs: times.at(-1)!, payload: builder.finish() });
  }
  const end = (BASE + until) * 1000;
  take({ kind: 'clock', sinceMs: end, untilMs: end, payload: null });
  return { changes, incidents: [...incidents.values()], watcher };
}
