import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FeedMeasure, measureFeed } from './feed/line.js';
import type { Bench, BenchResult } from './result.js';

const GOAL_MESSAGES = 50_000;

const verdict = ({ lost, gaps, unequalMinutes, minutes }: FeedMeasure) =>
  `${lost} lost, ${gaps} gaps, ${unequalMinutes} of ${minutes} minutes with other counts than were sent`;

const share = (seconds: number | null, of: number) =>
  seconds === null ? '?' : `${Math.round((100 * seconds) / of)} %`;

function results(offered: FeedMeasure, goal: string): BenchResult[] {
  const { sent, seconds, storedSeconds, logLag, featureLag, behind, processor } = offered;
  const cores = `collector ${share(processor.collector, seconds)}, aggregator ${share(processor.aggregator, seconds)}, sender ${share(processor.sender, seconds)} of a core`;
  return [
    {
      what: `RIS Live to features in PostgreSQL, ${offered.offered} messages/s offered for ${offered.offeredSeconds} s: ${verdict(offered)}; ${cores}`,
      ours: Math.round(sent / storedSeconds),
      yardstick: offered.offered,
      yardstick_name: 'messages/s offered',
      unit: 'messages/s',
      ratio: sent / storedSeconds / offered.offered,
      goal,
    },
    {
      what: `lag of the stored log, greatest (median ${logLag.median.toFixed(2)} s; the collector ${behind ? 'said' : 'did not say'} that it is behind)`,
      ours: logLag.greatest,
      yardstick: null,
      yardstick_name: '',
      unit: 's',
      ratio: null,
      goal: 'shown',
    },
    {
      what: `a minute's row stood so long after the minute and its grace, greatest (median ${featureLag.median.toFixed(2)} s)`,
      ours: featureLag.greatest,
      yardstick: null,
      yardstick_name: '',
      unit: 's',
      ratio: null,
      goal: 'shown',
    },
  ];
}

/** A steady stretch at the goal's rate, then a short one of far more than the machine takes. */
async function run({ quick = false }: { quick?: boolean } = {}): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
  // as root, PostgreSQL runs as another user
  chmodSync(folder, 0o711);
  try {
    const steady = await measureFeed(join(folder, 'steady'), {
      messagesPerSecond: Number(process.env.FEED_RATE ?? (quick ? 10_000 : GOAL_MESSAGES)),
      seconds: Number(process.env.FEED_SECONDS ?? (quick ? 10 : 90)),
      seed: 20_260_101,
    });
    const lines = results(steady, 'ratio 0.99 or more, nothing lost');
    if (process.env.FEED_OVERLOAD !== 'no') {
      const overload = await measureFeed(join(folder, 'overload'), {
        messagesPerSecond: 6 * GOAL_MESSAGES,
        seconds: quick ? 4 : 15,
        seed: 20_260_102,
      });
      lines.push(...results(overload, 'nothing lost, and it says that it is behind'));
    }
    return lines;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = { name: 'feed', run };
