import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { kindsOf } from '../../bench/injected/draws.js';
import { FAULTS } from '../../bench/injected/event.js';
import { batchOf, messagesOf, sliceColumns } from '../../bench/injected/messages.js';
import { Pass } from '../../bench/injected/pass.js';
import { RouteView } from '../../bench/injected/routeView.js';
import { slotsOf } from '../../bench/injected/schedule.js';
import { aggregated, readRows, STREAM, writeRows } from '../../bench/realFeed/rows.js';
import { decodeRisLiveMessage } from '../../src/bgp/risLive.js';
import { UpdateBatch, UpdateBatchBuilder } from '../../src/bgp/updateBatch.js';
import { snapshotOf } from '../../src/features/aggregatorSnapshot.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { Random } from '../../src/random/random.js';
import { SimulatedWorld } from '../../src/simulation/world.js';

const START = 29_000_040;
const MINUTES = 20;
const folder = mkdtempSync(join(tmpdir(), 'routewarden-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The table and some minutes of a simulated world, a batch each. */
function batches(): UpdateBatch[] {
  const world = new SimulatedWorld({ seed: 7, startMinute: START, resetsPerWeek: 0 });
  const minutes = Array.from({ length: MINUTES }, (_, index) => world.minute(START + index));
  return [world.initialTable(), ...minutes].map((texts) => {
    const builder = new UpdateBatchBuilder();
    for (const text of texts) decodeRisLiveMessage(text, builder);
    return new UpdateBatch(builder.takeColumns());
  });
}

async function* each(list: readonly UpdateBatch[]) {
  yield* list;
}

function viewOf(list: readonly UpdateBatch[]): RouteView {
  const view = new RouteView();
  for (const { columns } of list) view.apply(columns);
  return view;
}

test('rows kept in a file are read back equal, and not for another recording', async () => {
  const made = await aggregated(each(batches()));
  expect(made.rows.length).toBeGreaterThan(MINUTES);
  const file = join(folder, 'rows.gz');
  await writeRows(file, 'key', made);
  expect((await readRows(file, 'key'))?.rows).toEqual(made.rows);
  expect(await readRows(file, 'other')).toBeNull();
  expect(await readRows(join(folder, 'none.gz'), 'key')).toBeNull();
});

test('a pass without events gives the rows of the recording', async () => {
  const list = batches();
  const pass = new Pass(snapshotOf(new MinuteAggregator({ stream: STREAM })), [], [], 1);
  const view = viewOf([]);
  for (const { columns } of list) pass.add(columns, view);
  pass.finish();
  expect(pass.rows).toEqual((await aggregated(each(list))).rows);
});

test('cut anywhere, the parts of a batch have its messages', () => {
  const whole = batches()[1]!;
  const { columns } = whole;
  const cut = columns.kind.length >> 1;
  let element = 0;
  for (let message = 0; message < cut; message++) element += columns.withdrawn[message]! + columns.announced[message]!;
  const parts = [
    sliceColumns(columns, 0, cut, 0, element),
    sliceColumns(columns, cut, columns.kind.length, element, columns.prefix.length),
  ];
  expect(parts.flatMap((part) => [...new UpdateBatch(part).routeElements()])).toEqual([...whole.routeElements()]);
});

test('the view holds the routes that peers told last, and what it writes is told by them', () => {
  const list = batches();
  const view = viewOf(list);
  const last = new Map<string, string>();
  for (const { type, peer, prefix, path } of list.flatMap((batch) => [...batch.routeElements()])) {
    if (type === 'A') last.set(`${peer} ${prefix}`, path);
    else if (type === 'W') last.delete(`${peer} ${prefix}`);
  }
  const peers = view.activePeers();
  const held = view.lists().held;
  const routes = peers.flatMap((peer) =>
    held
      .filter((prefix) => view.hasRoute(peer, prefix))
      .map((prefix) => ({ peer, prefix, path: view.path(peer, prefix) })),
  );
  expect(routes.length).toBe(last.size);
  const written = new UpdateBatch(batchOf(messagesOf(routes, START * 60_000, 10, new Random(1)), view));
  const told = [...written.routeElements()].map(({ peer, prefix, path }) => [`${peer} ${prefix}`, path] as const);
  expect(new Map(told)).toEqual(last);
});

test('a part of a prefix lies inside it', () => {
  const view = viewOf([]);
  const prefix = view.prefix(22, 0x0a01_0400, 0, 0, 0);
  expect([view.half(prefix, 0), view.half(prefix, 1)].map((half) => view.prefixText(half))).toEqual([
    '10.1.4.0/23',
    '10.1.6.0/23',
  ]);
});

test('as many look-alikes as faults are placed, by the seed alone, after the learning time', () => {
  const kinds = kindsOf(100);
  expect(kinds.filter((kind) => (FAULTS as readonly string[]).includes(kind)).length).toBe(100);
  expect(kinds.length).toBe(200);
  const span = { fromMs: 0, learntMs: 86_400_000, untilMs: 2 * 86_400_000 };
  const passes = slotsOf(span, 100, 3);
  expect(passes).toEqual(slotsOf(span, 100, 3));
  expect(passes).not.toEqual(slotsOf(span, 100, 4));
  expect(passes.length).toBe(2);
  for (const { startMs } of passes.flat()) {
    expect(startMs).toBeGreaterThanOrEqual(span.learntMs);
    expect(startMs).toBeLessThan(span.untilMs);
  }
});
