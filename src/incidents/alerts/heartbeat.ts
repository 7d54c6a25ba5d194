import type { Pool } from 'pg';
import { proxiedFetch } from '../../sources/http/proxy.js';
import { openAlertsOf } from '../../storage/alerts.js';
import type { AlertKind } from './alert.js';
import type { AlertSettings } from './settings.js';

/** While one of these is open, nothing says that all is well. */
const UNWELL: readonly AlertKind[] = ['feed stale', 'service down', 'stage behind', 'work failing'];
const TIMEOUT_MILLISECONDS = 20_000;

const fetchAny = proxiedFetch(process.env);

export type HeartbeatSettings = NonNullable<AlertSettings['heartbeat']>;

/**
 * Asks an address elsewhere again and again for as long as the system is well, so that somebody hears of it when this machine
 * is gone. @returns whether it was asked
 * @throws Error when nobody answered, or not with yes
 */
export async function beat(pool: Pool, { url, method }: HeartbeatSettings): Promise<boolean> {
  const open = await openAlertsOf(pool, UNWELL);
  // its own failures must not keep it from trying again
  if (open.some((title) => !title.includes('heartbeat'))) return false;
  const response = await fetchAny(url, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    ...(method === 'POST' && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ warning: false }),
    }),
  });
  await response.body?.cancel();
  // the path of such an address is its key
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status} to the heartbeat`);
  return true;
}
