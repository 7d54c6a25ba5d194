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

const HEAD_BYTES = 12;

/** The stand after the batches that reach to a gap; the feed's clock alone moved when there are none. */
export function standAtGap(state: Uint8Array, gapSinceMs: number, last: readonly UpdateBatch[]): StandAtGap {
  const times = last.flatMap((batch) => Array.from(batch.columns.time));
  const sinceMs = times.reduce((latest, time) => Math.max(latest, time), times.length > 0 ? 0 : gapSinceMs);
  return { state, sinceMs, already: times.filter((time) => time === sinceMs).length };
}

export function encodeStand(stand: StandAtGap): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + stand.state.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, stand.sinceMs);
  view.setUint32(8, stand.already);
  bytes.set(stand.state, HEAD_BYTES);
  return bytes;
}

export function decodeStand(bytes: Uint8Array): StandAtGap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { sinceMs: view.getFloat64(0), already: view.getUint32(8), state: bytes.slice(HEAD_BYTES) };
}
