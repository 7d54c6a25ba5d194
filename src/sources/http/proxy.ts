import type { Agent } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

const VARIABLES = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * `fetch`, by way of the proxy that HTTP_PROXY or HTTPS_PROXY names, except to hosts of NO_PROXY. Without such a variable
 * it is that of Node.js, whose own support for them begins with version 24.
 */
export function proxiedFetch(environment: NodeJS.ProcessEnv): Fetch {
  if (!VARIABLES.some((name) => environment[name])) return fetch;
  // The library is loaded by those who need it: it has a hundred modules.
  const loaded = import('undici').then(({ EnvHttpProxyAgent, fetch: fetchByAgent }) => {
    const agent = new EnvHttpProxyAgent();
    // The same interface as that of Node.js, in the types of another package.
    const through = fetchByAgent as unknown as (url: string, init: unknown) => Promise<Response>;
    return (url: string, init: RequestInit) => through(url, { ...init, dispatcher: agent });
  });
  return async (url, init) => (await loaded)(url, init);
}

/** The same for a WebSocket: its connection goes through the proxy by CONNECT (RFC 9110, 9.3.6); undefined without one. */
export function webSocketAgent(url: string): Agent | undefined {
  const proxy = getProxyForUrl(url.replace(/^ws/, 'http'));
  return proxy === '' ? undefined : new HttpsProxyAgent(proxy);
}
