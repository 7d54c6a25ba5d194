import { ColumnRoom } from '../src/bgp/columnRoom.js';
import { decodeRisLiveMessage } from '../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import { evenly, risLiveMessages } from './feed/messages.js';
import type { Bench, BenchResult } from './result.js';

const BATCH_MESSAGES = 2000;

interface Rates {
  parse: number;
  ours: number;
}

/** Many messages without an object for each, so that the bench's own heap stays as small as a collector's. */
class Messages {
  readonly #bytes: Buffer;
  readonly #start: Uint32Array;

  constructor(texts: string[]) {
    this.#bytes = Buffer.from(texts.join(''), 'latin1');
    this.#start = new Uint32Array(texts.length + 1);
    for (const [index, text] of texts.entries()) this.#start[index + 1] = this.#start[index]! + text.length;
  }

  get count(): number {
    return this.#start.length - 1;
  }

  get meanBytes(): number {
    return Math.round(this.#bytes.length / this.count);
  }

  /** As the socket hands it on: a slice of a larger buffer. */
  bytes(index: number): Buffer {
    return this.#bytes.subarray(this.#start[index], this.#start[index + 1]);
  }

  text(index: number): string {
    return this.#bytes.toString('latin1', this.#start[index], this.#start[index + 1]);
  }
}

/** Processor time of this process, ms: what others on the machine take does not count. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * The first half fills the route table, as a collector's has been filled; of the second, both sides take a batch each
 * in turn, so that both meet the same machine.
 */
function measure(all: Messages): Rates {
  const builder = new UpdateBatchBuilder();
  const aggregator = new MinuteAggregator({ stream: 'bench' });
  const room = new ColumnRoom();
  const half = all.count >> 1;
  for (let i = 0; i < half; i++) decodeRisLiveMessage(all.bytes(i), builder);
  aggregator.add(UpdateBatch.decode(builder.finish(), room));
  let parse = 0;
  let ours = 0;
  let timed = 0;
  for (let from = half; from + BATCH_MESSAGES <= all.count; from += BATCH_MESSAGES) {
    // Both sides find their messages ready: as strings, and as the buffers that a socket hands on.
    const texts = Array.from({ length: BATCH_MESSAGES }, (_, i) => all.text(from + i));
    const buffers = Array.from({ length: BATCH_MESSAGES }, (_, i) => all.bytes(from + i));
    let kept = 0;
    let start = processorTime();
    for (const text of texts) kept += (JSON.parse(text) as { data: object }).data === null ? 1 : 0;
    parse += processorTime() - start;
    if (kept > 0) throw new Error('messages without data');
    start = processorTime();
    for (const buffer of buffers) {
      const { kind, reason } = decodeRisLiveMessage(buffer, builder);
      if (kind !== 'update') throw new Error(`not an update but ${kind}: ${reason}`);
    }
    aggregator.add(UpdateBatch.decode(builder.finish(), room));
    aggregator.take();
    ours += processorTime() - start;
    timed += BATCH_MESSAGES;
  }
  return { parse: (timed / parse) * 1000, ours: (timed / ours) * 1000 };
}

/** Resident memory after each tenth of many messages, MiB: flat when nothing is kept. */
function memory(messages: Messages, total: number): { early: number; late: number } {
  const builder = new UpdateBatchBuilder();
  const aggregator = new MinuteAggregator({ stream: 'bench' });
  const room = new ColumnRoom();
  const used: number[] = [];
  for (let done = 0; done < total; done++) {
    decodeRisLiveMessage(messages.bytes(done % messages.count), builder);
    if (builder.messages === BATCH_MESSAGES) {
      aggregator.add(UpdateBatch.decode(builder.finish(), room));
      aggregator.take();
    }
    if ((done + 1) % (total / 10) === 0) used.push(process.memoryUsage().rss / 2 ** 20);
  }
  return { early: Math.max(...used.slice(0, 3)), late: Math.max(...used.slice(-3)) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function run({ quick = false }: { quick?: boolean } = {}): Promise<BenchResult[]> {
  const messages = new Messages(risLiveMessages(quick ? 20_000 : 200_000, 20_260_101, evenly(2000)));
  const rounds = Array.from({ length: quick ? 3 : 7 }, () => measure(messages));
  const ours = median(rounds.map((round) => round.ours));
  const parse = median(rounds.map((round) => round.parse));
  const total = quick ? 200_000 : 10_000_000;
  const { early, late } = memory(messages, total);
  return [
    {
      what: `RIS Live messages of ${messages.meanBytes} bytes to minute features, encoded batches included, per second of processor time`,
      ours: Math.round(ours),
      yardstick: Math.round(parse),
      yardstick_name: 'JSON.parse alone, of the same messages as ready strings',
      unit: 'messages/s',
      ratio: ours / parse,
      goal: 'ratio 0.5, and over 100,000 messages/s',
    },
    {
      what: `memory over ${total} messages: greatest in the last three tenths against the first three`,
      ours: Math.round(late),
      yardstick: Math.round(early),
      yardstick_name: 'the first three tenths',
      unit: 'MiB',
      ratio: early / late,
      goal: 'ratio 0.9 or more (flat)',
    },
  ];
}

export const bench: Bench = { name: 'rislive', run };
