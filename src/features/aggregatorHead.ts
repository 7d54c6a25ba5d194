import type { AggregatorCounts } from './aggregatorOptions.js';
import { BadSnapshot, type ByteReader, type ByteWriter } from './byteStream.js';
import type { FeedGaps } from './feedGaps.js';
import type { FeatureRow, Minute } from './row.js';

/** Of the head of a snapshot, which begins with it. */
export const SNAPSHOT_VERSION = 7;

/** Where an aggregator has come to. */
export interface AggregatorHead {
  stream: string;
  next: Minute | null;
  firstMinute: Minute | null;
  /** ms; null before the first message */
  clock: number | null;
  gaps: [first: Minute, last: Minute][];
  tableMinute?: Minute | null;
  counts: AggregatorCounts;
  rows: FeatureRow[];
}

export function writeHead(writer: ByteWriter, head: Omit<AggregatorHead, 'gaps'> & { gaps: FeedGaps }): void {
  writer.number(SNAPSHOT_VERSION);
  writer.json({ ...head, rows: head.rows.map((row) => ({ ...row, values: [...row.values] })) });
}

/** @throws BadSnapshot when the head is not one of this stream, or of another version */
export function readHead(reader: ByteReader, stream: string): AggregatorHead {
  const version = reader.number();
  if (version !== SNAPSHOT_VERSION) throw new BadSnapshot(`version ${version}, this program knows ${SNAPSHOT_VERSION}`);
  const head = reader.json() as AggregatorHead & { rows: { values: number[] }[] };
  if (head.stream !== stream) throw new BadSnapshot(`of stream ${head.stream}, not ${stream}`);
  return { ...head, rows: head.rows.map((row) => ({ ...row, values: Float32Array.from(row.values) })) };
}
