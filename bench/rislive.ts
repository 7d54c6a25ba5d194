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

/** The first half fills the route table, as a collector's has been filled; the second half is timed. */
function measure(all: string[]): Rates {
  const builder = new UpdateBatchBuilder();
  const aggregator = new MinuteAggregator({ stream: 'bench' });
  const half = all.length >> 1;
  for (const text of all.slice(0, half)) decodeRisLiveMessage(text, builder);
  aggregator.add(UpdateBatch.decode(builder.finish()));
  const texts = all.slice(half);
  let kept = 0;
  let start = performance.now();
  for (const text of texts) kept += (JSON.parse(text) as { data: object }).data === null ? 1 : 0;
  const parse = texts.length / (performance.now() - start);
  if (kept > 0) throw new Error('messages without data');

  start = performance.now();
  for (const text of texts) {
    const { kind, reason } = decodeRisLiveMessage(text, builder);
    if (kind !== 'update') throw new Error(`not an update but ${kind}: ${reason}`);
    if (builder.messages === BATCH_MESSAGES) {
      aggregator.add(UpdateBatch.decode(builder.finish()));
      aggregator.take();
    }
  }
  const ours = texts.length / (performance.now() - start);
  return { parse: parse * 1000, ours: ours * 1000 };
}

/** Resident memory after each tenth of many messages, MiB: flat when nothing is kept. */
function memory(texts: string[], total: number): { early: number; late: number } {
  const builder = new UpdateBatchBuilder();
  const aggregator = new MinuteAggregator({ stream: 'bench' });
  const used: number[] = [];
  for (let done = 0; done < total; done++) {
    decodeRisLiveMessage(texts[done % texts.length]!, builder);
    if (builder.messages === BATCH_MESSAGES) {
      aggregator.add(UpdateBatch.decode(builder.finish()));
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
  const texts = risLiveMessages(quick ? 20_000 : 200_000, 20_260_101, evenly(2000));
  const rounds = Array.from({ length: quick ? 3 : 7 }, () => measure(texts));
  const ours = median(rounds.map((round) => round.ours));
  const parse = median(rounds.map((round) => round.parse));
  const bytes = Math.round(texts.reduce((sum, text) => sum + text.length, 0) / texts.length);
  const total = quick ? 200_000 : 10_000_000;
  const { early, late } = memory(texts, total);
  return [
    {
      what: `RIS Live messages of ${bytes} bytes to minute features, encoded batches included, one core`,
      ours: Math.round(ours),
      yardstick: Math.round(parse),
      yardstick_name: 'JSON.parse of the same text alone',
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
