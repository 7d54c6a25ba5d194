import type { NewTransit } from '../features/row.js';
import { SPREADING } from './evidence.js';
import type { MinuteInput } from './minuteInput.js';
import { type Carriage, leakSuspicion } from './suspicion/carriageSuspicion.js';

/** Prefixes from which a leak opens an incident by itself, in a table of the whole Internet. */
const LEAKED_PREFIXES = 100;
/** The same as a share of a table that is smaller. */
const LEAKED_SHARE = 0.05;
export const LEAK_BITS = 3;

export interface KnownCarriage extends Carriage {
  /** Prefixes that the stream knows. */
  known: number;
}

/** What each network began to carry in this minute and those just before it. */
export function carriagesOf(input: MinuteInput, recent: readonly MinuteInput[]): KnownCarriage[] {
  if ((input.evidence?.transits ?? []).length === 0) return [];
  const minutes = [...recent.filter(({ minute }) => minute > input.minute - SPREADING), input];
  return carriagesIn(
    minutes.flatMap(({ evidence }) => evidence?.transits ?? []),
    input.evidence?.known ?? 0,
    input.evidence?.peers.length ?? 0,
  );
}

/** Joins new transits by the network that carries them, heaviest first. */
export function carriagesIn(transits: readonly NewTransit[], known: number, peersSeen: number): KnownCarriage[] {
  const byCarrier = new Map<number, NewTransit[]>();
  for (const transit of transits) byCarrier.set(transit.carrier, [...(byCarrier.get(transit.carrier) ?? []), transit]);
  return [...byCarrier]
    .map(([carrier, list]) => {
      const prefixesFrom = new Map<number, number>();
      for (const { from, prefixes } of list) prefixesFrom.set(from, Math.max(prefixesFrom.get(from) ?? 0, prefixes));
      return {
        carrier,
        known,
        prefixes: [...prefixesFrom.values()].reduce((sum, count) => sum + count, 0),
        origins: Math.max(...list.map(({ origins }) => origins)),
        share: Math.max(...list.map(({ peers }) => peers)) / Math.max(1, peersSeen),
        main: list.reduce((most, transit) => (transit.routes > most.routes ? transit : most)),
      };
    })
    .sort((a, b) => b.prefixes - a.prefixes || a.carrier - b.carrier);
}

export function isLeak(carriage: KnownCarriage): boolean {
  const enough = Math.min(LEAKED_PREFIXES, Math.max(10, carriage.known * LEAKED_SHARE));
  return carriage.prefixes >= enough && leakSuspicion(carriage).bits >= LEAK_BITS;
}
