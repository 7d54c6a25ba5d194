import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { Random } from '../../src/simulation/random.js';
import { startDashboards, type TestDashboard } from '../dashboard/dashboard.js';
import { BORDERS } from './borders.js';
import { mutated } from './mutation.js';

/** Inputs over all borders; a million takes minutes: `BORDER_INPUTS=1000000`. */
const INPUTS = Number(process.env.BORDER_INPUTS ?? 20_000);
const SEED = Number(process.env.BORDER_SEED ?? 1);
/** A request costs a hundred times what a parser does. */
const REQUEST_SHARE = 0.02;

describe('hostile input', () => {
  test.each(BORDERS)(
    '$name: no crash, typed errors alone, good input still taken',
    ({ samples, take, isTyped }) => {
      for (const sample of samples) expect(take(sample)).toBe(true);
      const runs = Math.ceil((INPUTS * (1 - REQUEST_SHARE)) / BORDERS.length);
      let refused = 0;
      for (let run = 0; run < runs; run += 1) {
        const text = mutated(samples, new Random(SEED, run));
        try {
          if (!take(text)) refused += 1;
        } catch (error) {
          if (!isTyped(error))
            throw new Error(`seed ${SEED}, input ${run}: ${(error as Error).stack}\n${text.slice(0, 500)}`);
          refused += 1;
        }
      }
      expect(refused).toBeGreaterThan(0);
      for (const sample of samples) expect(take(sample)).toBe(true);
    },
    3_600_000,
  );
});

describe('hostile requests', () => {
  let dashboards: TestDashboard;
  let server: FastifyInstance;
  beforeAll(async () => {
    dashboards = await startDashboards();
    server = (await dashboards.open()).server;
  }, 60_000);
  afterAll(() => dashboards?.stop());

  test('are answered, never with a fault of the server', async () => {
    const paths = [
      '/api/models/lstm%40rrc00/rollback',
      '/api/models/lstm@rrc00/retrain',
      '/api/models/heuristic@rrc00/pin',
      '/api/incidents/1/acknowledge',
      '/api/overview?stream=rrc00',
      '/api/scores?stream=rrc00&from=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z',
      '/api/session',
      '/../../etc/passwd',
    ];
    const bodies = [
      '{"version":1,"reason":"test"}',
      '{"pinned":true,"version":2}',
      '{"note":"x","ordinary":false}',
      '{}',
    ];
    for (let run = 0; run < INPUTS * REQUEST_SHARE; run += 1) {
      const random = new Random(SEED, 7, run);
      const path = random.integer(3) === 0 ? mutated(paths, random) : random.pick(paths);
      const url = `/${path.replace(/^\/+/, '').slice(0, 4_000)}`;
      const response = await server.inject({
        method: random.pick(['GET', 'POST', 'PUT', 'DELETE'] as const),
        url: encodeURI(Buffer.from(url).toString()).replaceAll('%25', '%'),
        headers: {
          host: '127.0.0.1',
          origin: 'http://127.0.0.1',
          'content-type': random.pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded']),
        },
        payload: mutated(bodies, random),
      });
      if (response.statusCode >= 500) {
        throw new Error(
          `seed ${SEED}, request ${run}: ${response.statusCode} for ${url.slice(0, 300)}: ${response.body.slice(0, 500)}`,
        );
      }
    }
    expect((await server.inject({ url: '/healthz' })).statusCode).toBe(200);
  }, 3_600_000);
});
