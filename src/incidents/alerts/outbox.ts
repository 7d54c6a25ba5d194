import type { Pool } from 'pg';
import { secretHider } from '../../config/redaction.js';
import { claimDueAlerts, freeClaims, raisedBefore, recordDelivery } from '../../storage/alerts.js';
import { currentSilences } from '../../storage/silences.js';
import { severityRank } from '../severity.js';
import type { Alert, Delivery, Notice } from './alert.js';
import type { AlertChannel } from './channels/channel.js';
import { Refused } from './channels/post.js';
import { afterFailure, afterSuccess, deliveryState, dueNotice, routedChannels } from './delivery.js';
import type { AlertSettings } from './settings.js';
import { silencedUntil } from './silence.js';

export interface OutboxOptions {
  pool: Pool;
  settings: AlertSettings;
  channels: readonly AlertChannel[];
  now: () => Date;
  /** 0..1, for the jitter of retries. */
  random: () => number;
  log: { warn(context: object, message: string): void };
}

const LEASE_SECONDS = 300;
const BATCH = 200;
const SEND_SECONDS = 30;

interface Claimed {
  alert: Alert;
  previous: Date | null;
  channels: Record<string, Delivery>;
}

/**
 * Delivers what the `alerts` table says is to be told. The table is the truth: an outbox that dies is replaced by
 * another, which sends what was not recorded as sent, so a notice goes out at least once and, thanks to its key,
 * a receiver that cares sees it once. Several outboxes may run.
 */
export class AlertOutbox {
  /** What a channel says of a fault may repeat what it was given; it goes to the log and the database. */
  private readonly hideSecrets: (text: string) => string;

  constructor(private readonly options: OutboxOptions) {
    this.hideSecrets = secretHider(options.settings.channels, 'alerts.channels');
  }

  /** Takes over at once what an outbox that died had begun; the caller must be the only one to deliver. */
  takeOver(): Promise<void> {
    return freeClaims(this.options.pool);
  }

  /** One round; call it every second or so. Never rejects for a channel's fault, only for the database's. */
  async deliverDue(): Promise<{ sent: number; failed: number; alerts: number }> {
    const { pool, settings, now } = this.options;
    const claimed: Claimed[] = [];
    const silences = await currentSilences(pool, now());
    for (const due of await claimDueAlerts(pool, now(), LEASE_SECONDS, BATCH)) {
      const alert = { ...due, silencedUntil: silencedUntil(due, silences, now()) };
      claimed.push({ alert, previous: await raisedBefore(pool, alert), channels: { ...alert.delivered.channels } });
    }
    if (claimed.length === 0) return { sent: 0, failed: 0, alerts: 0 };
    const totals = await Promise.all(this.options.channels.map((channel) => this.deliverTo(channel, claimed)));
    for (const { alert, previous, channels } of claimed) {
      await recordDelivery(pool, alert, deliveryState(alert, channels, settings, previous, now()), now());
    }
    return {
      alerts: claimed.length,
      sent: totals.reduce((sum, { sent }) => sum + sent, 0),
      failed: totals.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  /** Gravest first, in messages of at most `groupLimit` notices. After a failure the channel is left alone for this round. */
  private async deliverTo(
    channel: AlertChannel,
    claimed: readonly Claimed[],
  ): Promise<{ sent: number; failed: number }> {
    const { settings, now, random, log } = this.options;
    const dues: { claim: Claimed; notice: Notice }[] = [];
    for (const claim of claimed) {
      if (!routedChannels(claim.alert, settings).includes(channel.name)) continue;
      const due = dueNotice(claim.alert, channel.name, settings, claim.previous, now());
      if (due !== null && 'notice' in due) dues.push({ claim, notice: due.notice });
    }
    dues.sort(
      (a, b) =>
        severityRank(b.claim.alert.severity) - severityRank(a.claim.alert.severity) ||
        a.claim.alert.id - b.claim.alert.id,
    );
    let sent = 0;
    let failed = 0;
    let fault: string | null = null;
    let notBefore: Date | null = null;
    for (let from = 0; from < dues.length; from += settings.groupLimit) {
      const group = dues.slice(from, from + settings.groupLimit);
      try {
        if (fault !== null) throw new Error(fault);
        await channel.send(
          group.map(({ notice }) => notice),
          AbortSignal.timeout(SEND_SECONDS * 1000),
        );
        sent += group.length;
        for (const { claim, notice } of group) {
          claim.channels[channel.name] = afterSuccess(notice, claim.channels[channel.name], now());
        }
      } catch (cause) {
        const error = this.hideSecrets(describeFault(cause));
        notBefore ??= cause instanceof Refused ? cause.retryAt(now()) : null;
        failed += group.length;
        if (fault === null)
          log.warn({ channel: channel.name, notices: dues.length - sent, error }, 'alerts not delivered');
        fault = error;
        for (const { claim, notice } of group) {
          const told = claim.channels[channel.name];
          claim.channels[channel.name] = afterFailure(notice, told, error, settings.retry, now(), random(), notBefore);
        }
      }
    }
    return { sent, failed };
  }
}

/** What went wrong in words: fetch hides the reason ("connection refused") in the cause. */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

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
  await channel.send([{ phase: 'raised', alert }], AbortSignal.timeout(SEND_SECONDS * 1000));
}
