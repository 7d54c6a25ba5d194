import { SNAPSHOT_VERSION } from './aggregatorHead.js';
import type { MinuteAggregatorOptions } from './aggregatorOptions.js';
import { BadSnapshot } from './byteStream.js';
import { MinuteAggregator } from './minuteAggregator.js';
import { whole } from './turns.js';

/** A snapshot begins with the length of its head. */
const HEAD_LENGTH_BYTES = 8;
/** Bytes copied before others get their turn: some milliseconds. */
const COPIED_A_TURN = 1 << 22;

/** All that an aggregator knows as one value, for tables of moderate size. */
export function snapshotOf(aggregator: MinuteAggregator): Uint8Array {
  return whole(copying(aggregator, 0));
}

/**
 * The same bit by bit, so that others get a turn; the aggregator must not go on meanwhile.
 * @param room bytes left free before it, for the caller
 */
export function* copying(aggregator: MinuteAggregator, room: number): Generator<void, Uint8Array> {
  const head = aggregator.head();
  const views = [...aggregator.stored()].flatMap((column) => [...column]);
  let at = room + HEAD_LENGTH_BYTES;
  const bytes = new Uint8Array(views.reduce((sum, { length }) => sum + length, at + head.length));
  new DataView(bytes.buffer).setFloat64(room, head.length, true);
  let turn = at + COPIED_A_TURN;
  for (const view of [head, ...views]) {
    bytes.set(view, at);
    at += view.length;
    if (at < turn) continue;
    turn = at + COPIED_A_TURN;
    yield;
  }
  return bytes;
}

/**
 * Goes on from a snapshot exactly as the aggregator that made it would have.
 * @throws BadSnapshot when the bytes are not a snapshot of this stream
 */
export function restored(bytes: Uint8Array, options: MinuteAggregatorOptions): MinuteAggregator {
  return whole(filling(bytes, options));
}

/** As `restored`, bit by bit. */
export function* filling(bytes: Uint8Array, options: MinuteAggregatorOptions): Generator<void, MinuteAggregator> {
  if (bytes.length < HEAD_LENGTH_BYTES) throw new BadSnapshot('cut short');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  let at = HEAD_LENGTH_BYTES + length;
  if (!(at <= bytes.length)) throw new BadSnapshot('its head is cut short, or it is of another version');
  const restoring = MinuteAggregator.restoring(bytes.subarray(HEAD_LENGTH_BYTES, at), options);
  let turn = at + COPIED_A_TURN;
  for (const column of restoring.stored) {
    for (const view of column) {
      if (at + view.length > bytes.length) throw new BadSnapshot('cut short');
      view.set(bytes.subarray(at, at + view.length));
      at += view.length;
      if (at < turn) continue;
      turn = at + COPIED_A_TURN;
      yield;
    }
  }
  if (at !== bytes.length) throw new BadSnapshot(`${bytes.length - at} bytes too long`);
  yield* restoring.derived;
  return restoring.aggregator;
}

/** Whether a snapshot is of this version. */
export function isSnapshot(bytes: Uint8Array): boolean {
  if (bytes.length < 2 * HEAD_LENGTH_BYTES) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(HEAD_LENGTH_BYTES, true) === SNAPSHOT_VERSION;
}
