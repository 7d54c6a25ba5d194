import { expect, test } from '@jest/globals';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { MEASURED_CHURN } from '../../src/simulation/churn.js';
import { SimulatedWorld } from '../../src/simulation/world.js';

const START = 29_000_160;
const MINUTES = 720;

function worldWith(churn?: typeof MEASURED_CHURN): SimulatedWorld {
  const options = { seed: 9, startMinute: START, resetsPerWeek: 0 };
  return new SimulatedWorld(churn === undefined ? options : { ...options, churn });
}

/** How much of each sort the aggregator's rows tell of half a day, after an hour of learning. */
function seen(world: SimulatedWorld) {
  const aggregator = new MinuteAggregator({ stream: 'rrc00', startMinute: START - 1 });
  const add = (texts: readonly string[]) => {
    const builder = new UpdateBatchBuilder();
    for (const text of texts) decodeRisLiveMessage(text, builder);
    aggregator.add(new UpdateBatch(builder.takeColumns()));
  };
  add(world.initialTable());
  for (let minute = START; minute < START + MINUTES; minute++) add(world.minute(minute));
  aggregator.finish();
  const rows = aggregator.take();
  const distinct = (keys: string[]) => new Set(keys).size;
  return {
    origins: distinct(rows.flatMap(({ evidence }) => evidence.newOrigins.map((e) => `${e.prefix} ${e.origin}`))),
    parts: distinct(rows.flatMap(({ evidence }) => evidence.moreSpecifics.map((e) => `${e.prefix} ${e.origin}`))),
    links: distinct(rows.flatMap(({ evidence }) => evidence.newLinks.map((e) => `${e.left} ${e.right}`))),
  };
}

test('with churn, origins, parts of blocks and links change on a quiet day; without it none does', () => {
  const without = seen(worldWith());
  const churning = seen(worldWith(MEASURED_CHURN));
  expect(without.parts).toBe(0);
  expect(without.origins).toBe(0);
  expect(churning.origins).toBeGreaterThan(20);
  expect(churning.parts).toBeGreaterThan(5);
  expect(churning.links).toBeGreaterThan(without.links + 100);
});

test('a churning world is the same from its seed, in whatever order its minutes are asked for', () => {
  const straight = worldWith(MEASURED_CHURN);
  const played = Array.from({ length: 300 }, (_, index) => straight.minute(START + index));
  const other = worldWith(MEASURED_CHURN);
  for (const index of [299, 10, 250, 0]) expect(other.minute(START + index)).toEqual(played[index]);
  expect(straight.groundTruth()).toEqual([]);
});
