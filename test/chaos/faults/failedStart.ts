import { createServer, type Socket } from 'node:net';
import { routewarden } from '../../support/command.js';
import type { Fault } from './fault.js';

/** What a start may take to give up, with the start of Node.js on a busy machine. */
const LONGEST_SECONDS = 30;

/** A start that cannot reach its stores, or is older than its database, ends by itself with an error. */
export const failedStart: Fault = {
  name: 'a start that fails',
  hindrance: () => null,
  async strike({ folder, pool, postgres }, random) {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket.on('error', () => {})));
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    const { port } = silent.address() as { port: number };
    const isNewer = random.integer(3) === 0;
    const place = isNewer ? postgres.steadyUrl : `postgres://a:b@127.0.0.1:${random.pick([1, port])}/c`;
    const name = '9999_of_a_start';
    if (isNewer) await pool.query('INSERT INTO routewarden_migrations (name, run_on) VALUES ($1, now())', [name]);
    try {
      const began = performance.now();
      const started = routewarden(['start'], {
        DATABASE_URL: place,
        ROUTEWARDEN_DATA_DIRECTORY: `${folder}/failed-${random.integer(1e9)}`,
        ROUTEWARDEN_DASHBOARD_PORT: '0',
      });
      const late = new Promise<null>((done) => setTimeout(() => done(null), LONGEST_SECONDS * 1000).unref());
      const ended = await Promise.race([started, late]);
      const seconds = (performance.now() - began) / 1000;
      if (ended === null) throw new Error(`a start that cannot finish did not end within ${LONGEST_SECONDS} s`);
      if (ended.code !== 1) throw new Error(`a start that failed ended with ${ended.code} after ${seconds} s`);
    } finally {
      if (isNewer) await pool.query('DELETE FROM routewarden_migrations WHERE name = $1', [name]);
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
    return [];
  },
};
