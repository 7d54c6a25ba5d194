import { randomBytes } from 'node:crypto';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Pool } from 'pg';
import { QueueStoreAway } from '../../queues/answering.js';
import type { IncidentActs } from '../acts/incidents.js';
import type { ModelActs } from '../acts/models.js';
import { ActRefused } from '../acts/refusal.js';
import { appendAudit, signedOut } from '../storage/audit.js';
import { changes } from '../storage/changes.js';
import { failingWork } from '../storage/services.js';
import { BadRequest } from './api/badRequest.js';
import { addChangingRoutes } from './api/changing.js';
import { addDownloads } from './api/downloads.js';
import { openApiDocument } from './api/openapi.js';
import { addReadingRoutes } from './api/reading.js';
import { NotThere, Routes } from './api/route.js';
import { addSigningRoutes } from './api/signing.js';
import { serveAssets } from './assets.js';
import { type BoardQueue, mountBoard } from './board.js';
import { promotionOf, type QueueHelp } from './boardChecks.js';
import type { Clock, DashboardContext } from './context.js';
import { EventFeed } from './events.js';
import { addExports } from './exports.js';
import { Histogram } from './exposition.js';
import { bearerToken, checkHost, checkSameOrigin, identify, isBoard, securityHeaders } from './guard.js';
import { Judging } from './judging.js';
import { LoginLimit } from './loginLimit.js';
import { metricsText } from './metrics.js';
import { Sessions, tokenMark } from './session.js';
import { type DashboardSettings, readDashboardSettings } from './settings.js';

export interface DashboardOptions {
  pool: Pool;
  /** Shown in Bull Board. */
  queues: readonly BoardQueue[];
  /** By queue name: what Bull Board says of it. */
  queueHelp?: Readonly<Record<string, QueueHelp>>;
  settings: DashboardSettings;
  /** `incidents.evidence.perDay`: alerts a day that the operator is ready to read. */
  budget: number;
  /** Streams that are filled by `routewarden replay`: they are never late. */
  replayed?: readonly string[];
  /** A network's name by its AS number (`incidents.asNames`); without it networks have numbers alone. */
  nameOf?: (asNumber: number) => string | undefined;
  acts: ModelActs & IncidentActs;
  logger: FastifyBaseLogger;
  /** Share of anomalous minutes over which a serving version is in trouble (`retraining.watchRate`). */
  watchRate: number;
  /** Days of a training window (`retraining.trainingDays`). */
  trainingDays: number;
  clock: Clock;
  /** 32 random bytes that sign sessions; without it one for this process. */
  sessionKey?: Buffer;
  /** Where build.js put the page; the default is right for the built program. */
  pageFolder?: URL;
}

const REQUEST_MILLISECONDS = 15_000;
const MOST_CONNECTIONS = 512;
const AUDITED_LETTERS = 2_000;
/** What PostgreSQL says of a value that it cannot hold: a NUL letter, a number out of range, a text that is none. */
const BAD_VALUES = new Set(['22021', '22P05', '22003', '22P02', '22008']);

/** Served without a session: what the login page needs, and what load balancers ask. */
const OPEN = new Set(['/', '/login', '/healthz', '/readyz', '/favicon.svg', '/page.js', '/page.css']);

/**
 * The dashboard's HTTP server, ready to listen: `await server.listen({ host: settings.host, port: settings.port })`.
 * `await server.close()` ends the open event streams; pool and queues stay the caller's.
 * @throws BadDashboardSettings when it would be open to others without a token
 */
export async function createDashboard(options: DashboardOptions): Promise<FastifyInstance> {
  const settings = readDashboardSettings(options.settings);
  const { pool, queues, logger, clock } = options;
  const context: DashboardContext = {
    pool,
    settings,
    budget: options.budget,
    replayed: options.replayed ?? [],
    watchRate: options.watchRate,
    trainingDays: options.trainingDays,
    nameOf: options.nameOf ?? (() => undefined),
    acts: options.acts,
    logger,
    clock,
  };
  const server = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 256 * 1024,
    forceCloseConnections: true,
    // What cannot be decoded is no address of ours: it gets the words of any other, and its letters as they came.
    rewriteUrl: ({ url = '/' }) => (isReadable(url) ? url : url.replaceAll('%', '%25')),
    // In all, with the body: who drips is cut off.
    requestTimeout: REQUEST_MILLISECONDS,
    http: { headersTimeout: REQUEST_MILLISECONDS, connectionsCheckingInterval: 1_000 },
    trustProxy: settings.trustedProxies.length === 0 ? false : settings.trustedProxies,
  });
  server.server.maxConnections = MOST_CONNECTIONS;
  const revoked = await signedOut(pool, settings.sessionHours);
  const sessions = new Sessions(settings, options.sessionKey ?? randomBytes(32), revoked);
  const requests = new Histogram(
    'routewarden_http_request_seconds',
    'Requests to the dashboard by route and answer, from the first byte to the last',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  );
  const judging = await Judging.since(pool);
  const limit = new LoginLimit(settings.loginAttempts);
  const routes = new Routes(server);
  const events = new EventFeed(
    () => changes(pool),
    settings.pollInterval,
    clock,
    (error) => logger.warn({ err: error }, 'the dashboard cannot read the database; pages show that they are stale'),
  );

  server.decorateRequest('visitor', undefined);
  server.addHook('onRequest', async (request, reply) => {
    securityHeaders(request, reply);
    const bearer = sessions.required ? bearerToken(request) : undefined;
    if (bearer !== undefined && !(await limit.turn(request.ip, tokenMark(bearer), clock.now()))) {
      return reply
        .status(429)
        .headers({ 'retry-after': '5', connection: 'close' })
        .send({ error: 'Too many wrong tokens.' });
    }
    request.visitor = identify(request, sessions, clock.now());
    if (bearer !== undefined && request.visitor !== undefined) limit.succeeded(request.ip, tokenMark(bearer));
    if (bearer !== undefined && request.visitor === undefined) {
      limit.failed(request.ip, clock.now());
      await appendAudit(pool, { actor: request.ip, action: 'token refused', target: 'API' });
    }
    const path = request.routeOptions.url ?? '';
    const refusal =
      checkHost(request.headers.host, settings) ??
      checkSameOrigin(request, bearerToken(request) !== undefined && request.visitor !== undefined);
    if (refusal !== undefined) return reply.status(refusal.status).send({ error: refusal.error });
    if (OPEN.has(path) || routes.openPaths.has(path)) return undefined;
    if (request.visitor === undefined) {
      if (wantsPage(request)) return reply.redirect(`/login?next=${encodeURIComponent(request.originalUrl)}`);
      // What it still sends is not waited for.
      if (request.headers['content-length'] ?? request.headers['transfer-encoding'])
        reply.header('connection', 'close');
      return reply
        .status(401)
        .send({ error: 'Sign in first: open /login, or send the token as Authorization: Bearer.' });
    }
    const changing = request.method !== 'GET' && request.method !== 'HEAD';
    if (changing && request.visitor.role !== 'operator' && path !== '/api/logout') {
      return reply.status(403).send({ error: 'You are signed in with the read-only token: looking is all it allows.' });
    }
    return undefined;
  });
  // Bull Board changes queues by itself, so what it was asked to do is written down here, with the body.
  server.addHook('preHandler', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD' || !isBoard(request)) return;
    // An act writes its own row.
    if (promotionOf(request, options.queueHelp ?? {}) !== undefined) return;
    const { pathname } = new URL(request.url, 'http://board');
    const body = JSON.stringify(request.body ?? null);
    const detail = {
      body: body.length > AUDITED_LETTERS ? `${body.slice(0, AUDITED_LETTERS)} (cut)` : body,
      address: request.ip,
    };
    await appendAudit(pool, {
      actor: request.visitor?.actor ?? request.ip,
      action: 'jobs',
      target: `${request.method} ${decoded(pathname)}`,
      detail,
    });
  });
  // Fastify's own wait for requests to end would last as long as somebody has the page open.
  server.addHook('preClose', async () => events.close());

  server.addHook('onResponse', async (request, reply) => {
    // By route, not by address: what strangers ask for makes no new series.
    const route = request.routeOptions.url ?? 'none';
    requests.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });

  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = statusOf(error);
    if (error instanceof QueueStoreAway) return reply.status(503).send({ error: error.message });
    if (BAD_VALUES.has(error.code)) return reply.status(400).send({ error: 'A value of the request cannot be kept.' });
    if (status < 500) return reply.status(status).send({ error: error.message });
    request.log.error({ err: error, url: request.url }, 'request failed');
    return reply.status(status).send({ error: 'The server could not do that. Its log says why; is the database up?' });
  });
  let page: Awaited<ReturnType<typeof serveAssets>> | null = null;
  server.setNotFoundHandler((request, reply) => {
    reply.status(404);
    const path = request.originalUrl.split('?')[0] ?? '';
    if (page !== null && wantsPage(request) && !path.startsWith('/api/')) return page(request, reply);
    return reply.send({ error: `There is nothing at ${path}.` });
  });

  addSigningRoutes(server, routes, sessions, limit, context);
  addReadingRoutes(routes, context);
  addChangingRoutes(routes, context);

  addDownloads(server, pool);
  addExports(server, context);
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const failing = await failingWork(pool).catch(() => null);
    if (failing === null)
      return reply
        .status(503)
        .send({ status: 'not ready', error: 'The database does not answer, or has no tables yet.' });
    // While one channel works, it reports the others; an unreachable receiver is not a fault of the page.
    const channels = failing.filter(({ what }) => what.startsWith('channel '));
    const told = channels.every((one) => channels.length < one.channels) ? channels : [];
    const unready = failing.filter((one) => !told.includes(one));
    if (unready.length === 0) return { status: 'ready' };
    // Open to all: what fails is named, why is for those who sign in.
    const names = [...new Set(unready.map(({ name }) => name))].join(', ');
    return reply.status(503).send({
      status: 'not ready',
      error: `These live but fail their work: ${names}. \`routewarden doctor\` says why.`,
    });
  });
  server.get('/metrics', async (_request, reply) =>
    reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send(
        (await metricsText(pool, queues, settings, clock.now(), context.budget, judging, context.replayed)) +
          requests.text(),
      ),
  );
  server.get('/api/openapi.json', async () => openApiDocument(routes.descriptions));
  server.get('/api/events', (_request, reply) => {
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (!events.add(response)) response.end();
  });

  page = await serveAssets(server, options.pageFolder ?? new URL('../../page/', import.meta.url));
  await mountBoard(server, queues, options.queueHelp ?? {});
  return server;
}

function statusOf(error: FastifyError): number {
  if (error instanceof ActRefused) return error.kind === 'missing' ? 404 : 409;
  if (error instanceof NotThere) return 404;
  if (error instanceof BadRequest || BAD_VALUES.has(error.code)) return 400;
  return error.statusCode ?? 500;
}

function isReadable(url: string): boolean {
  try {
    decodeURIComponent(url.split('?')[0] ?? '');
    return true;
  } catch {
    return false;
  }
}

/** As it is meant; a path that cannot be read stays as it came. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path).replaceAll('\0', '');
  } catch {
    return path;
  }
}

/** Whether a browser asks for something to show. */
function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && String(headers.accept ?? '').includes('text/html');
}
