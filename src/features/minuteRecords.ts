import type { LineRecord } from './lostLines.js';

export interface NewOrigin {
  prefix: number;
  origin: number;
  previousOrigins: number[];
  peers: number[];
  path: number[];
}

export interface MoreSpecific {
  prefix: number;
  covering: number;
  origin: number;
  coveringOrigins: number[];
  peers: number[];
  path: number[];
}

export interface NewLink {
  left: number;
  right: number;
  routes: number;
  prefixes: number[];
}

export interface Transit {
  carrier: number;
  from: number;
  /** Routes by the network that they went to. */
  to: Record<number, number>;
  routes: number;
  peers: number[];
  prefixes: number[];
  origins: number[];
}

export interface ChangedPath {
  prefix: number;
  peer: number;
  before: number[];
  during: number[];
}

export interface Reset {
  peer: number;
  state: 'down' | 'up';
  routes: number;
}

/** As a snapshot keeps them. */
export interface MinuteRecords {
  origins: NewOrigin[];
  specifics: MoreSpecific[];
  links: NewLink[];
  transits: Transit[];
  lostPaths: [prefix: number, path: number[]][];
  losers: [origin: number, peers: number[]][];
  /** Absent in snapshots of older versions, as the one that follows. */
  lines?: [origin: number, lines: LineRecord[]][];
  fresh?: [prefix: number, routes: number, beforeLoss: number][];
  resets: Reset[];
  paths: ChangedPath[];
}
