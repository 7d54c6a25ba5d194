import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import type { DashboardSettings } from './settings.js';

export type Role = 'operator' | 'reader';

/** Who a request comes from. */
export interface Visitor {
  actor: string;
  role: Role;
  /** Of the cookie; absent for tokens in a header. */
  session?: string;
}

export const SESSION_COOKIE = 'routewarden_session';

/**
 * A signed cookie holds role, name and end. It is signed with a random key and the tokens, stretched: who sees a cookie
 * can guess no token by it, and a new token ends all sessions. What was signed out is revoked.
 */
export class Sessions {
  #stretched: Buffer | null = null;
  readonly #revoked = new Map<string, number>();

  /**
   * @param randomKey 32 bytes; kept where sessions shall live on over a restart
   * @param revoked ids of sessions that were signed out, to their ends, milliseconds since 1970
   */
  constructor(
    private readonly settings: DashboardSettings,
    private readonly randomKey: Buffer,
    revoked: ReadonlyMap<string, number>,
  ) {
    for (const [id, until] of revoked) this.#revoked.set(id, until);
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
    const session = randomBytes(12).toString('base64url');
    const until = now + this.settings.sessionHours * 3_600_000;
    const { actor, role } = visitor;
    const body = Buffer.from(JSON.stringify({ actor, role, session, until })).toString('base64url');
    return `${body}.${this.#sign(body)}`;
  }

  read(cookie: string, now: number): Visitor | undefined {
    const [body, signature] = cookie.split('.');
    if (body === undefined || signature === undefined || !same(signature, this.#sign(body))) return undefined;
    const content = JSON.parse(Buffer.from(body, 'base64url').toString()) as Visitor & { until: number };
    if (content.session === undefined || content.until <= now || this.#revoked.has(content.session)) return undefined;
    return { actor: content.actor, role: content.role, session: content.session };
  }

  /** From now on its cookie is worth nothing, whoever kept a copy. */
  revoke(session: string, now: number): void {
    for (const [id, until] of this.#revoked) if (until <= now) this.#revoked.delete(id);
    this.#revoked.set(session, now + this.settings.sessionHours * 3_600_000);
  }

  setCookie(value: string): string {
    const secure = this.settings.plainHttp ? '' : '; Secure';
    const age = value === '' ? 0 : Math.round(this.settings.sessionHours * 3600);
    return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`;
  }

  /** Made when first needed: it takes 50 ms of a processor, and a page without tokens signs nothing. */
  get #key(): Buffer {
    const { token, readToken } = this.settings;
    this.#stretched ??= scryptSync(`${token ?? ''}\0${readToken ?? ''}`, this.randomKey, 32);
    return this.#stretched;
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url');
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

/** Distinguishes a token from others without being one. */
export function tokenMark(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

// Hashing first makes the lengths equal, so that the comparison's time reveals nothing of the secret.
function same(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}
