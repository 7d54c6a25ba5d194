import type { Ranked } from '../features/row.js';

/** Who most of an incident's updates were about or came from, most first. */
export interface Culprits {
  prefixes: Ranked[];
  origins: Ranked[];
  peers: Ranked[];
}
