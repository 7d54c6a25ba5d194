import { proxiedFetch } from './proxy.js';

const fetchAny = proxiedFetch(process.env);

/** An address without the login in it, and that login as a header (RFC 7617): fetch refuses addresses with one. */
export interface Address {
  url: string;
  /** Value of `Authorization`; null without a login. */
  authorization: string | null;
}

/** @param text an http(s) address, with or without `user:password@` */
export function withoutLogin(text: string): Address {
  const url = new URL(text);
  const { username, password } = url;
  if (username === '' && password === '') return { url: text, authorization: null };
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  url.username = '';
  url.password = '';
  return { url: url.href, authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}

/** The server leads elsewhere; trying again would give the same. */
export class RedirectRefused extends Error {
  override name = 'RedirectRefused';
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * GETs an address and follows redirects only on the host that was named (RFC 9110, 15.4): what a person entrusted to one
 * host, a login above all, goes to no other, and no server makes this machine ask its neighbours. From http to https
 * of the same name is the same host.
 *
 * @throws RedirectRefused; whatever `fetch` throws
 */
export async function hostFetch(
  address: string,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  const { authorization, url } = withoutLogin(address);
  const headers = authorization === null ? init.headers : { ...init.headers, authorization };
  let at = new URL(url);
  for (let redirects = 0; ; redirects++) {
    const response = await fetchAny(at.href, { ...init, headers, redirect: 'manual' });
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS)
      throw new RedirectRefused(`${at.host} redirects more than ${MOST_REDIRECTS} times`);
    const next = URL.canParse(location, at.href) ? new URL(location, at) : null;
    if (next === null || !isSameHost(at, next)) {
      throw new RedirectRefused(`${at.host} redirects to ${next?.host ?? 'no address'}: only the named host is asked`);
    }
    // a login that the server puts there is not ours to send
    next.username = '';
    next.password = '';
    at = next;
  }
}

function isSameHost(from: URL, to: URL): boolean {
  if (to.protocol === from.protocol) return to.host === from.host;
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:';
  return isUpgrade && to.hostname === from.hostname && from.port === '' && to.port === '';
}
