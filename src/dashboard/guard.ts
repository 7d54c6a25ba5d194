import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Sessions, Visitor } from './session.js';
import { sessionCookie } from './session.js';
import { type DashboardSettings, isLoopback } from './settings.js';

/** A request that may not go on. */
export interface Refusal {
  status: 401 | 403 | 421;
  error: string;
}

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // uPlot places its canvas and cursor through the style attribute's object model, which this policy allows.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

// Bull Board's page has inline styles and a base element; scripts still come from this server alone.
const BOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** By the route that was found: a path may be written with percent signs. */
export function isBoard(request: FastifyRequest): boolean {
  return /^\/queues(\/|$)/.test(request.routeOptions.url ?? '');
}

export function securityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': isBoard(request) ? BOARD_POLICY : PAGE_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
}

/** The host name without the port, in lower case. */
function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/**
 * Refuses names that are not ours: a page elsewhere can point its own name at 127.0.0.1 (DNS rebinding), and the browser
 * would then take us for its own server.
 */
export function checkHost(host: string | undefined, settings: DashboardSettings): Refusal | undefined {
  const name = hostName(host ?? '');
  if (isLoopback(name) || settings.allowedHosts.some((allowed) => allowed.toLowerCase() === name)) return undefined;
  if (!isLoopback(settings.host) && settings.allowedHosts.length === 0) return undefined;
  return {
    status: 421,
    error: `This server does not answer to the name "${name}". Open it by the address it listens on, or add the name to the allowed hosts.`,
  };
}

/** Refuses changes that another site's page asks the browser for. */
export function checkSameOrigin(request: FastifyRequest, byToken: boolean): Refusal | undefined {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const refusal: Refusal = {
    status: 403,
    error:
      'Changes are accepted from this page alone, not from another site. A program sends the token (dashboard.token) as Authorization: Bearer.',
  };
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return refusal;
  const origin = request.headers.origin;
  if (origin !== undefined) {
    const from = URL.canParse(origin) ? new URL(origin).host : '';
    return from === request.headers.host ? undefined : refusal;
  }
  // A program with the token in a header is not a browser that was led here.
  return site === 'same-origin' || byToken ? undefined : refusal;
}

/** Who this is: by the Authorization header, by the session cookie, or anyone on loopback without a token. */
export function identify(request: FastifyRequest, sessions: Sessions, now: number): Visitor | undefined {
  if (!sessions.required) return { actor: 'local operator', role: 'operator' };
  const bearer = bearerToken(request);
  if (bearer !== undefined) {
    const role = sessions.roleOf(bearer);
    return role === undefined ? undefined : { actor: `${role} (API)`, role };
  }
  const cookie = sessionCookie(request.headers.cookie);
  return cookie === undefined ? undefined : sessions.read(cookie, now);
}

export function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
