import type { FastifyInstance } from 'fastify';
import { appendAudit } from '../../storage/audit.js';
import { valueFault } from '../../words/valueFault.js';
import type { DashboardContext } from '../context.js';
import type { LoginLimit } from '../loginLimit.js';
import { type Sessions, tokenMark } from '../session.js';
import { isLoopback } from '../settings.js';
import type { Routes } from './route.js';
import * as shape from './schema.js';

const LOGIN_BYTES = 4 * 1024;

/** Signing in and out. These routes answer by themselves, for they set cookies and statuses. */
export function addSigningRoutes(
  server: FastifyInstance,
  routes: Routes,
  sessions: Sessions,
  limit: LoginLimit,
  { pool, settings, clock }: DashboardContext,
): void {
  routes.add(
    { method: 'GET', path: '/api/session', summary: 'Who you are', answer: shape.session, open: true },
    async ({ request }) => ({
      signedIn: request.visitor !== undefined,
      loginNeeded: sessions.required,
      actor: request.visitor?.actor ?? null,
      role: request.visitor?.role ?? null,
      live: settings.live,
    }),
  );
  routes.openPaths.add('/api/login');
  server.post('/api/login', { bodyLimit: LOGIN_BYTES }, async (request, reply) => {
    const now = clock.now();
    const given = shape.login.safeParse(request.body, { error: valueFault });
    const token = given.success ? tokenMark(given.data.token) : '';
    if (!(await limit.turn(request.ip, token, now))) {
      return reply.status(429).header('retry-after', '5').send({ error: 'Too many wrong tokens. Try again soon.' });
    }
    const role = given.success ? sessions.roleOf(given.data.token) : undefined;
    if (!given.success || role === undefined) {
      limit.failed(request.ip, now);
      await appendAudit(pool, { actor: request.ip, action: 'sign-in refused', target: 'dashboard' });
      return reply
        .status(401)
        .send({ error: 'That is not the token. It is the DASHBOARD_TOKEN of this installation.' });
    }
    const origin = request.headers.origin;
    if (!settings.plainHttp && origin !== undefined && insecure(origin)) {
      return reply.status(403).send({
        error:
          'Signing in needs HTTPS here: put a TLS proxy in front, or set DASHBOARD_PLAIN_HTTP=true on a network you trust.',
      });
    }
    limit.succeeded(request.ip, token);
    const actor = given.data.name === '' ? role : given.data.name;
    await appendAudit(pool, { actor, action: 'sign-in', target: 'dashboard', detail: { role, address: request.ip } });
    return reply.header('set-cookie', sessions.setCookie(sessions.issue({ actor, role }, now))).send({ done: true });
  });
  server.post('/api/logout', async (request, reply) => {
    const { visitor } = request;
    if (visitor?.session !== undefined) {
      sessions.revoke(visitor.session, clock.now());
      await appendAudit(pool, {
        actor: visitor.actor,
        action: 'sign-out',
        target: 'dashboard',
        detail: { session: visitor.session },
      });
    }
    return reply.header('set-cookie', sessions.setCookie('')).send({ done: true });
  });
}

/** Browsers drop a secure cookie there, and the visitor would see the login page again without a word. */
function insecure(origin: string): boolean {
  const url = new URL(origin);
  return url.protocol !== 'https:' && !isLoopback(url.hostname);
}
