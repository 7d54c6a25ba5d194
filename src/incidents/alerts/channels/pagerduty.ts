import { isLast, type Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { headline } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

const SEVERITY = { critical: 'critical', major: 'error', minor: 'warning', info: 'info' } as const;
/** What PagerDuty takes of a summary. */
const LONGEST = 1024;

/**
 * Events API v2 of PagerDuty (developer.pagerduty.com/docs/send-alert-event): an event a notice, of which those of one alert
 * share their `dedup_key`. Only what is over is resolved there: "no more news" is a further event of an open incident.
 */
export class PagerDutyChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'pagerduty'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { url, timeoutSeconds } = this.settings;
    const within = timed(signal, timeoutSeconds);
    for (const notice of notices) await postJson(url, JSON.stringify(this.#eventOf(notice)), {}, within);
  }

  #eventOf(notice: Notice): object {
    const { alert, phase, link } = notice;
    const key = { routing_key: this.settings.routingKey, dedup_key: `routewarden-${alert.id}` };
    if (phase === 'resolved') return { ...key, event_action: 'resolve' };
    return {
      ...key,
      event_action: 'trigger',
      client: 'Routewarden',
      ...(link === undefined ? {} : { client_url: link, links: [{ href: link, text: 'Its page' }] }),
      payload: {
        summary: headline(notice).slice(0, LONGEST),
        source: alert.body.stream ?? 'routewarden',
        severity: SEVERITY[alert.severity],
        timestamp: (isLast(notice) ? (alert.resolvedAt ?? alert.raisedAt) : alert.raisedAt).toISOString(),
        component: alert.body.stream,
        class: alert.body.class ?? alert.kind,
        custom_details: { what: alert.body.lines, ...alert.body.facts },
      },
    };
  }

  async close(): Promise<void> {}
}
