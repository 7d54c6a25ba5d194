import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { decompressed } from '../bgp/mrt/decompression.js';
import type { FeedConsumer, LiveSource, Logger } from './source.js';

export interface LineFileOptions {
  /** RIS Live messages, one a line; plain, gzip or bzip2. */
  path: string;
  /** Event time runs so many times as fast as the clock; absent = as fast as the consumer takes it. */
  speed?: number;
  /** A longer line is counted and skipped, bytes (default 4 MiB). */
  longestLine?: number;
  logger: Logger;
}

const NEWLINE = 0x0a;
const TIMESTAMP = /"timestamp"\s*:\s*(\d+(?:\.\d+)?)/;

/** Recorded RIS Live messages as if they came from the feed now. Ends with the file; reads it in constant memory. */
export class LineFileSource implements LiveSource {
  readonly counters = { messages: 0, bytes: 0, tooLong: 0 };
  #firstEvent = Number.NaN;
  #firstWall = 0;

  constructor(readonly options: LineFileOptions) {}

  /** Rejects when the file cannot be read, is damaged or cut, after what could be read and `onDisconnected`. */
  async run(consumer: FeedConsumer, signal: AbortSignal): Promise<void> {
    const stream = createReadStream(this.options.path, { highWaterMark: 1024 * 1024 });
    consumer.onConnected();
    let reason = 'end of the file';
    try {
      for await (const line of this.#lines(stream)) {
        if (signal.aborted) {
          reason = 'stopped';
          break;
        }
        await this.#pace(line, signal);
        this.counters.messages++;
        const result = consumer.onMessage(line, Date.now());
        if (result !== undefined) await result;
      }
    } catch (error) {
      reason = `cannot read ${this.options.path}: ${(error as Error).message}`;
      throw error;
    } finally {
      stream.destroy();
      if (this.counters.tooLong > 0) {
        this.options.logger.warn(
          { path: this.options.path, lines: this.counters.tooLong },
          'skipped lines that are too long',
        );
      }
      consumer.onDisconnected(reason);
    }
  }

  async *#lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    const longest = this.options.longestLine ?? 4 * 1024 * 1024;
    let rest: Buffer[] = [];
    let restBytes = 0;
    let skipping = false;
    const line = (end: Buffer): Buffer | null => {
      const whole = rest.length === 0 ? end : Buffer.concat([...rest, end]);
      const skipped = skipping || whole.length > longest;
      if (skipped) this.counters.tooLong++;
      rest = [];
      restBytes = 0;
      skipping = false;
      return skipped || whole.length === 0 ? null : whole;
    };
    for await (const piece of decompressed(stream)) {
      const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
      this.counters.bytes += chunk.length;
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        const whole = line(chunk.subarray(from, at));
        from = at + 1;
        if (whole !== null) yield whole;
      }
      restBytes += chunk.length - from;
      if (restBytes > longest) {
        skipping = true;
        rest = [];
      } else if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)));
    }
    if (restBytes > 0 || skipping) {
      const last = line(Buffer.alloc(0));
      if (last !== null) yield last;
    }
  }

  async #pace(line: Buffer, signal: AbortSignal): Promise<void> {
    const { speed } = this.options;
    if (speed === undefined) return;
    const match = TIMESTAMP.exec(line.toString('latin1', 0, 200));
    if (match === null) return;
    const event = Number(match[1]) * 1000;
    if (Number.isNaN(this.#firstEvent)) {
      this.#firstEvent = event;
      this.#firstWall = performance.now();
    }
    const wait = (event - this.#firstEvent) / speed - (performance.now() - this.#firstWall);
    if (wait > 1) await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
