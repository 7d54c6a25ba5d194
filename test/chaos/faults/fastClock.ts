import { pino } from 'pino';
import { Collector } from '../../../src/collection/collector.js';
import { risUpdate } from '../../support/risUpdate.js';
import type { Fault } from './fault.js';

const SLACK_MILLISECONDS = 20_000;

/**
 * A live feed of its own beside the simulated one, whose time is no clock's: true messages, and between them those of a peer
 * that runs ahead by more each time. The log must end at the true ones, and the peer be named.
 */
export const fastClock: Fault = {
  name: 'a peer with a fast clock',
  hindrance: () => null,
  async strike({ pool }, random) {
    const stream = `fast-clock-${random.integer(1e9)}`;
    const collector = new Collector({
      pool,
      stream,
      logger: pino({ level: 'silent' }),
      clock: 'wall',
      flushMilliseconds: 1e9,
      flushMessages: 1e6,
      now: Date.now,
      elapsed: () => performance.now(),
    });
    try {
      await collector.open();
      const step = 60_000 + random.integer(600_000);
      for (let round = 1; round <= 20; round += 1) {
        await collector.message(risUpdate(Date.now(), '192.0.2.1'));
        await collector.message(risUpdate(Date.now() + round * step, '192.0.2.66'));
      }
      await collector.tick(true);
      const { rows } = await pool.query<{ until: number; messages: number }>(
        `SELECT extract(epoch FROM max(until))::float8 * 1000 AS until, sum(messages)::integer AS messages
         FROM update_batches WHERE stream = $1`,
        [stream],
      );
      const { until, messages } = rows[0]!;
      if (until > Date.now() + SLACK_MILLISECONDS) throw new Error(`a peer carried the log to ${new Date(until)}`);
      if (messages !== 20) throw new Error(`${messages} of 20 true messages were taken`);
      if (!collector.setAsideWords?.includes('192.0.2.66')) throw new Error(`not named: ${collector.setAsideWords}`);
    } finally {
      await pool.query('DELETE FROM update_batches WHERE stream = $1', [stream]);
    }
    return [];
  },
};
