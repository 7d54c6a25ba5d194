import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DashboardSettings } from './settings.js';

export type Role = 'operator' | 'reader';

/** Who a request comes from. */
export interface Visitor {
  actor: string;
  role: Role;
}

export const SESSION_COOKIE = 'routewarden_session';

/**
 * Sessions that need no store: a signed cookie holds role, name and end. The signing key comes from the tokens, so that
 * a restart keeps sessions and a new token ends them all.
 */
export class Sessions {
  private readonly key: Buffer;

  constructor(private readonly settings: DashboardSettings) {
    this.key = createHash('sha256')
      .update(`routewarden session\0${settings.token ?? randomBytes(32).toString('hex')}\0${settings.readToken ?? ''}`)
      .digest();
  }

  get required(): boolean {
    return this.settings.token !== undefined;
  }

  /** The role that a token gives, undefined for a wrong one. */
  roleOf(token: string): Role | undefined {
    if (this.settings.token !== undefined && same(token, this.settings.token)) return 'operator';
    if (this.settings.readToken !== undefined && same(token, this.settings.readToken)) return 'reader';
    return undefined;
  }

  /** @param now milliseconds since 1970 */
  issue(visitor: Visitor, now: number): string {
    const body = Buffer.from(
      JSON.stringify({ ...visitor, until: now + this.settings.sessionHours * 3_600_000 }),
    ).toString('base64url');
    return `${body}.${this.sign(body)}`;
  }

  read(cookie: string, now: number): Visitor | undefined {
    const [body, signature] = cookie.split('.');
    if (body === undefined || signature === undefined || !same(signature, this.sign(body))) return undefined;
    const content = JSON.parse(Buffer.from(body, 'base64url').toString()) as Visitor & { until: number };
    return content.until > now ? { actor: content.actor, role: content.role } : undefined;
  }

  setCookie(value: string): string {
    const secure = this.settings.plainHttp ? '' : '; Secure';
    const age = value === '' ? 0 : Math.round(this.settings.sessionHours * 3600);
    return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
  }

  private sign(body: string): string {
    return createHmac('sha256', this.key).update(body).digest('base64url');
  }
}

/** The session cookie's value in a Cookie header. */
export function sessionCookie(header: string | undefined): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=');
    if (name === SESSION_COOKIE && value !== undefined && value !== '') return value;
  }
  return undefined;
}

// Hashing first makes the lengths equal, so that the comparison's time tells nothing of the secret.
function same(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}
