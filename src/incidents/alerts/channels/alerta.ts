import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { headline, paragraphs } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

const SEVERITY = { critical: 'critical', major: 'major', minor: 'minor', info: 'informational' } as const;

/**
 * API of Alerta (docs.alerta.io/api/alert.html). One alert of ours is one of theirs, by `resource` and `event`; only what is
 * over is `normal`, which closes it there.
 */
export class AlertaChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'alerta'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { url, apiKey, timeoutSeconds } = this.settings;
    const within = timed(signal, timeoutSeconds);
    const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Key ${apiKey}` };
    for (const notice of notices) {
      await postJson(`${url.replace(/\/+$/, '')}/alert`, JSON.stringify(this.#alertOf(notice)), headers, within);
    }
  }

  #alertOf(notice: Notice): object {
    const { alert, phase, link } = notice;
    const { watchedPrefixes, subject } = alert.body.facts ?? {};
    const [prefix] = typeof watchedPrefixes === 'string' ? watchedPrefixes.split(',') : [];
    return {
      resource: prefix || alert.body.stream || 'routewarden',
      // not the kind: an incident that grows and ends is the same alert
      event: alert.fingerprint,
      environment: this.settings.environment,
      severity: phase === 'resolved' ? 'normal' : SEVERITY[alert.severity],
      service: ['Routewarden'],
      group: alert.kind,
      value: alert.body.class ?? alert.kind,
      text: paragraphs(notice).join('\n'),
      tags: alert.body.stream === undefined ? [] : [`stream=${alert.body.stream}`],
      attributes: {
        title: headline(notice),
        ...(link === undefined ? {} : { moreInfo: link }),
        ...(typeof subject === 'string' && subject !== '' ? { subject } : {}),
      },
      origin: 'Routewarden',
      type: 'routewardenAlert',
      createTime: alert.raisedAt.toISOString(),
    };
  }

  async close(): Promise<void> {}
}
