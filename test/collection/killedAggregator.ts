import { GeneratedTable } from '../../bench/fullTable/generatedTable.js';
import { decodeMrt } from '../../src/bgp/mrt/decodeMrt.js';
import { UpdateBatch } from '../../src/bgp/updateBatch.js';
import { AggregatorStep } from '../../src/collection/aggregatorStep.js';
import { MinuteAggregator } from '../../src/features/minuteAggregator.js';
import { openPool } from '../../src/storage/pool.js';

export const ROUTES = 20_000;

/** A table and an aggregator that knows it. */
export async function knowingTable(table: GeneratedTable, learnt: () => void): Promise<MinuteAggregator> {
  const aggregator = new MinuteAggregator({ stream: 's', graceSeconds: 30 });
  async function* dump() {
    yield* table.dump();
  }
  for await (const { batch } of decodeMrt(dump())) {
    aggregator.learn(new UpdateBatch(batch.takeColumns()));
    learnt();
  }
  return aggregator;
}

/**
 * Aggregates the log of a stream, which begins with a table, to its end. The process kills itself (SIGKILL) before the n-th
 * time that it does what `KILL_AT` says: `learns:3`, or a part of a statement, such as `INSERT INTO aggregator_pages:2`.
 */
async function main(url: string, killAt: string): Promise<void> {
  const [what, count] = killAt.split(':');
  let left = Number(count);
  const happens = (event: string) => {
    if (what !== '' && event.includes(what!) && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
  const pool = openPool(url, { name: 'killed', onError: () => {} });
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...words: unknown[]) => unknown;
    client.query = ((...words: unknown[]) => {
      const [statement] = words as [string | { text?: string }];
      happens(typeof statement === 'string' ? statement : (statement.text ?? ''));
      return query(...words);
    }) as typeof client.query;
  });
  let clock = 0;
  const step = new AggregatorStep({
    pool,
    stream: 's',
    graceSeconds: 30,
    // far apart: what it knows is stored after every step
    now: () => (clock += 10_000_000),
    // what was written must be read back, or equal rows would only say that the log was gone over from its beginning
    unread: (error) => {
      throw error;
    },
    begin: () => knowingTable(new GeneratedTable(ROUTES, 1), () => happens('learns')),
  });
  while (await step.step());
  await step.step(true);
  await pool.end();
}

const [url, killAt] = process.argv.slice(2);
if (url?.startsWith('postgres') && killAt !== undefined) await main(url, killAt);
