import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { Random } from '../../src/random/random.js';
import { startDashboards, type TestDashboard } from '../dashboard/dashboard.js';
import { BORDERS } from './borders.js';
import { mutated } from './mutation.js';

/** Inputs over all borders; a million takes minutes: `BORDER_INPUTS=1000000`. */
const INPUTS = Number(process.env.BORDER_INPUTS ?? 20_000);
const SEED = Number(process.env.BORDER_SEED ?? 1);
/** A request costs a hundred times what a parser does. */
const REQUEST_SHARE = 0.02;
const SHARES = BORDERS.reduce((sum, { share = 1 }) => sum + share, 0);

interface Document {
  paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> };
}
interface Request {
  method: Method;
  /** As in the document, with `{name}` and a query of names. */
  path: string;
  body: string;
}
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];
const TYPES = ['application/json', 'text/plain', 'application/x-www-form-urlencoded'];
const HEADERS = { host: '127.0.0.1', origin: 'http://127.0.0.1' };
/** What has no place in the document: files for people and machines, and Bull Board's own. */
const UNDOCUMENTED: Request[] = [
  { method: 'GET', path: '/api/incidents.csv?severity', body: '' },
  { method: 'GET', path: '/metrics', body: '' },
  { method: 'GET', path: '/readyz', body: '' },
  ...[
    ['GET', '/queues?activeQueue&status&page&jobsPerPage', ''],
    ['GET', '/job-schedulers', ''],
    ['GET', '/redis/stats', ''],
    ['GET', '/queues/{queue}/workers', ''],
    ['GET', '/queues/{queue}/metrics', ''],
    ['GET', '/queues/{queue}/{id}', ''],
    ['GET', '/queues/{queue}/{id}/logs', ''],
    ['POST', '/queues/{queue}/add', '{"name":"x","data":{"modelKey":"lstm@rrc00"},"options":{"attempts":3}}'],
    ['PUT', '/queues/pause', '{}'],
    ['PUT', '/queues/resume', '{}'],
    ['PUT', '/queues/{queue}/pause', '{}'],
    ['PUT', '/queues/{queue}/resume', '{}'],
    ['PUT', '/queues/{queue}/promote', '{}'],
    ['PUT', '/queues/{queue}/empty', '{}'],
    ['PUT', '/queues/{queue}/concurrency', '{"concurrency":2}'],
    ['PUT', '/queues/{queue}/rate-limit', '{"max":2,"duration":1000}'],
    ['PUT', '/queues/{queue}/{id}/promote', '{}'],
    ['PATCH', '/queues/{queue}/{id}/update-data', '{"modelKey":"lstm@rrc00"}'],
  ].map(([method, path, body]) => ({ method: method as Method, path: `/queues/api${path}`, body: body! })),
];
const OUTSIDE = ['/../../etc/passwd', '/queues/../api/session', '//', '/assets/../../package.json'];
/** Good values by the name of what is asked for; and near misses. */
const VALUES: Record<string, string[]> = {
  key: ['lstm@rrc00', 'heuristic%40rrc00', 'isolation_forest@nowhere'],
  id: ['1', '2', '9007199254740993'],
  version: ['1', '2', '2147483648'],
  stream: ['rrc00', 'nowhere'],
  queue: ['retrain', 'none'],
  hours: ['1', '720', '1e9'],
  points: ['10', '0'],
  limit: ['1', '1000000'],
  severity: ['major', 'x'],
  class: ['hijack', '1'],
  prefix: ['192.0.2.0/24', '::/0'],
  from: ['2026-01-01T00:00:00Z', '29000000'],
  until: ['2026-01-02T00:00:00Z', '-1'],
};
const BODIES: Record<string, unknown> = {
  version: 1,
  reason: 'test',
  pinned: true,
  note: 'x',
  ordinary: false,
  hours: 3,
  from: '2026-01-01T00:00:00Z',
  until: '2026-01-02T00:00:00Z',
  prefix: '192.0.2.0/24',
  asNumber: 64500,
  token: 'x',
};

function requestsOf(paths: Document['paths']): Request[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody }]) => {
      const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      const properties = requestBody?.content['application/json']?.schema.properties ?? {};
      const body = Object.fromEntries(Object.keys(properties).map((name) => [name, BODIES[name] ?? 'text']));
      return {
        method: method.toUpperCase() as Method,
        path: query.length === 0 ? path : `${path}?${query.join('&')}`,
        body: JSON.stringify(body),
      };
    }),
  );
}

/** As fastify names it. */
function routeOf(path: string): string {
  const names: Record<string, string> = { queue: 'queueName', id: path.startsWith('/queues') ? 'jobId' : 'id' };
  const bare = path.split('?')[0]!;
  return bare.replace(/\{(\w+)\}/g, (_, name: string) => `:${names[name] ?? name}`);
}

function example(path: string, random: Random): string {
  const value = (name: string) => random.pick(VALUES[name] ?? ['x', '1']);
  const [place, query] = path.split('?');
  const filled = place!.replace(/\{(\w+)\}/g, (_, name: string) => value(name));
  const asked = (query?.split('&') ?? []).filter(() => random.integer(2) === 0).map((name) => `${name}=${value(name)}`);
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

describe('hostile input', () => {
  test.each(BORDERS)(
    '$name: no crash, typed errors alone, good input still taken',
    async ({ samples, take, isTyped, share = 1 }) => {
      for (const sample of samples) expect(await take(sample)).toBe(true);
      const runs = Math.ceil(((INPUTS * (1 - REQUEST_SHARE)) / SHARES) * share);
      let refused = 0;
      for (let run = 0; run < runs; run += 1) {
        const text = mutated(samples, new Random(SEED, run));
        try {
          if (!(await take(text))) refused += 1;
        } catch (error) {
          if (!isTyped(error))
            throw new Error(`seed ${SEED}, input ${run}: ${(error as Error).stack}\n${text.slice(0, 500)}`);
          refused += 1;
        }
      }
      expect(refused).toBeGreaterThan(0);
      for (const sample of samples) expect(await take(sample)).toBe(true);
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

  test('to every route that there is are answered, never with a fault of the server', async () => {
    const { paths: documented } = (
      await server.inject({ url: '/api/openapi.json', headers: HEADERS })
    ).json<Document>();
    const routes = [...requestsOf(documented), ...UNDOCUMENTED];
    // What does not exist would be refused however good the rest.
    for (const { method, path } of routes) expect(server.hasRoute({ method, url: routeOf(path) })).toBe(true);
    const bodies = [...new Set(routes.map(({ body }) => body))];
    const hit = new Set<string>();
    for (let run = 0; run < INPUTS * REQUEST_SHARE; run += 1) {
      const random = new Random(SEED, 7, run);
      const route = routes[run % routes.length]!;
      const good = example(route.path, random);
      const path = random.integer(3) === 0 ? mutated([good, ...OUTSIDE], random) : good;
      const url = `/${path.replace(/^\/+/, '').slice(0, 4_000)}`;
      const response = await server.inject({
        method: random.integer(8) === 0 ? random.pick(METHODS) : route.method,
        url: encodeURI(Buffer.from(url).toString()).replaceAll('%25', '%'),
        headers: {
          ...HEADERS,
          'content-type': random.integer(4) === 0 ? random.pick(TYPES) : 'application/json',
        },
        payload: random.integer(4) === 0 ? mutated(bodies, random) : mutated([route.body], random),
      });
      hit.add(`${route.method} ${route.path}`);
      if (response.statusCode >= 500) {
        throw new Error(
          `seed ${SEED}, request ${run}: ${response.statusCode} for ${url.slice(0, 300)}: ${response.body.slice(0, 500)}`,
        );
      }
    }
    expect(hit.size).toBe(routes.length);
    expect((await server.inject({ url: '/healthz' })).statusCode).toBe(200);
  }, 3_600_000);
});
