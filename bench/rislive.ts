import { decodeRisLiveMessage } from '../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../src/features/minuteAggregator.js';
import type { Bench, BenchResult } from './result.js';

const BATCH_MESSAGES = 2000;
const PEERS = 40;
const PREFIXES = 20_000;
const START = 1_700_000_000;

/** xorshift32: the same messages for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/**
 * Messages as RIS Live sends them, some 530 bytes each; one in eight withdraws, one in ten is IPv6. A peer reaches an
 * origin by one of four paths over 20 large and 400 regional transit networks, sometimes prepended.
 */
function messages(count: number, perSecond: number, seed: number): string[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => {
    const peer = next(PEERS);
    const ipv6 = next(10) === 0;
    // a few prefixes make most of the noise
    const number = Math.floor(PREFIXES * (next(1 << 20) / (1 << 20)) ** 3);
    const prefix = ipv6
      ? `2001:db8:${number.toString(16)}::/48`
      : `${20 + (number >> 8)}.${number & 255}.${next(4) * 64}.0/${18 + next(7)}`;
    const address = ipv6 ? `2001:7f8:4::${(peer + 1).toString(16)}:1` : `192.0.2.${peer + 1}`;
    const timestamp = Math.round((START + i / perSecond) * 100) / 100;
    const as = 64_500 + peer;
    const data: Record<string, unknown> = {
      timestamp,
      peer: address,
      peer_asn: String(as),
      id: `${address}-018bcfe5${(0x10000000 + i).toString(16)}`,
      host: 'rrc21.ripe.net',
      type: 'UPDATE',
    };
    if (next(8) === 0) data.withdrawals = [prefix];
    else {
      const origin = 10_000 + (number % 5000);
      const alternative = next(4);
      const regional = 2000 + ((origin * 7 + alternative * 131) % 400);
      const hops = [1000 + ((peer * 3 + alternative) % 20), 1000 + (regional % 20), regional];
      const prepended = Array.from({ length: 1 + (origin % 3) }, () => origin);
      data.path = [as, ...hops, ...prepended];
      data.community = [
        [as, 100 + next(50)],
        [as, 5000],
        [hops[0], 300],
      ];
      data.origin = 'IGP';
      data.announcements = [{ next_hop: address, prefixes: [prefix] }];
    }
    data.raw = `${'FF'.repeat(16)}005B0200${'0A1B2C3D'.repeat(18)}`;
    return JSON.stringify({ type: 'ris_message', data });
  });
}

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
  const texts = messages(quick ? 20_000 : 200_000, 2000, 20_260_101);
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
