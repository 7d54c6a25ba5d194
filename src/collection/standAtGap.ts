import type { UpdateBatch } from '../bgp/updateBatch.js';

/** Where a live aggregator stood when the feed went away. */
export interface StandAtGap {
  /** Its snapshot. */
  state: Uint8Array;
  /** Time of the last message that it had taken, ms. */
  sinceMs: number;
  /** Messages of that very moment that it had taken. */
  already: number;
}

/** What is written before the snapshot. */
export const STAND_HEAD_BYTES = 12;

/** The last message taken before a gap, by the batches that reach to it; the feed's clock alone moved when there are none. */
export function lastBeforeGap(gapSinceMs: number, last: readonly UpdateBatch[]): Omit<StandAtGap, 'state'> {
  const times = last.flatMap((batch) => Array.from(batch.columns.time));
  const sinceMs = times.reduce((latest, time) => Math.max(latest, time), times.length > 0 ? 0 : gapSinceMs);
  return { sinceMs, already: times.filter((time) => time === sinceMs).length };
}

/** Completes a stand in place. @param bytes a snapshot behind STAND_HEAD_BYTES free ones */
export function headStand(bytes: Uint8Array, { sinceMs, already }: Omit<StandAtGap, 'state'>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setFloat64(0, sinceMs);
  view.setUint32(8, already);
}

export function decodeStand(bytes: Uint8Array): StandAtGap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { sinceMs: view.getFloat64(0), already: view.getUint32(8), state: bytes.subarray(STAND_HEAD_BYTES) };
}
