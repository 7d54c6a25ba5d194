import type { Alert } from './alert.js';
import type { AlertChannel } from './channels/channel.js';
import { TRY_SECONDS, within } from './lane.js';

/**
 * Sends a test alert through one channel right away, past routes, grouping and quiet hours.
 * @throws Error with what the channel said
 */
export async function sendTestAlert(channel: AlertChannel, now: Date): Promise<void> {
  const alert: Alert = {
    id: 0,
    fingerprint: `test/${channel.name}/${now.toISOString()}`,
    kind: 'test',
    severity: 'info',
    title: 'test alert of Routewarden',
    body: { lines: [`channel "${channel.name}" works: nothing is wrong`], revision: 1, times: 1 },
    raisedAt: now,
    resolvedAt: null,
    delivered: {},
  };
  await within(TRY_SECONDS, (signal) => channel.send([{ phase: 'raised', alert }], signal));
}
