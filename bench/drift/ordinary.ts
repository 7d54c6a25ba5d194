import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { blockFromRows } from '../../src/features/featureBlock.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { type FeatureBlock, type FeatureRow, MINUTES_PER_DAY } from '../../src/features/row.js';
import { SimulatedWorld } from '../../src/simulation/world.js';

/** First minute of every series: 2026-01-05T00:00Z, a Monday. */
export const START = Date.UTC(2026, 0, 5) / 60_000;

/** Traffic costs time to make, and the level is no matter. */
const MESSAGES_PER_MINUTE = 10;
/** The world has no past: what it says at first is all new. */
const WARM_UP = 60;

/** Ordinary days of a simulated world of its own, session resets included, through the product's decoder and aggregator. */
export function simulate(seed: number, days: number): FeatureBlock {
  const startMinute = START - WARM_UP;
  const world = new SimulatedWorld({ seed, startMinute, messagesPerMinute: MESSAGES_PER_MINUTE, resetsPerWeek: 1 });
  const aggregator = new MinuteAggregator({ stream: 'bench', startMinute: startMinute - 1, warmUpMinutes: WARM_UP });
  const add = (texts: readonly string[]): void => {
    const builder = new UpdateBatchBuilder();
    for (const text of texts) {
      const outcome = decodeRisLiveMessage(text, builder);
      if (outcome.kind === 'bad') throw new Error(outcome.reason);
    }
    aggregator.add(UpdateBatch.decode(builder.finish()));
  };
  add(world.initialTable());
  const end = START + days * MINUTES_PER_DAY;
  const rows: Pick<FeatureRow, 'minute' | 'kind' | 'values'>[] = [];
  // Only the values are kept: the evidence of a month is large.
  const keep = (): void => {
    for (const { minute, kind, values } of aggregator.take()) {
      if (minute >= START && minute < end) rows.push({ minute, kind, values });
    }
  };
  for (let minute = startMinute; minute < end; minute++) {
    add(world.minute(minute));
    if (minute % 60 === 0) keep();
  }
  aggregator.advance((end + 1) * 60_000);
  keep();
  return blockFromRows(rows);
}

export function slice(block: FeatureBlock, from: number, until: number): FeatureBlock {
  return {
    minutes: block.minutes.slice(from, until),
    values: block.values.slice(from * block.columns, until * block.columns),
    columns: block.columns,
    usable: block.usable.slice(from, until),
  };
}
