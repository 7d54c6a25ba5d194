import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { headline, paragraphs } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

const PRIORITY = { critical: 'P1', major: 'P2', minor: 'P4', info: 'P5' } as const;
/** What Opsgenie takes of a message and of a description. */
const [MESSAGE, DESCRIPTION] = [130, 15_000];

/**
 * Alert API of Opsgenie (docs.opsgenie.com/docs/alert-api): an alert has the `alias` of ours, growth and silence are notes on
 * it, and only what is over closes it.
 */
export class OpsgenieChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'opsgenie'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { url, apiKey, timeoutSeconds } = this.settings;
    const within = timed(signal, timeoutSeconds);
    for (const notice of notices) {
      const { path, body } = this.#requestOf(notice);
      const place = `${url.replace(/\/+$/, '')}/v2/alerts${path}`;
      await postJson(place, JSON.stringify(body), { authorization: `GenieKey ${apiKey}` }, within);
    }
  }

  #requestOf(notice: Notice): { path: string; body: object } {
    const { alert, phase, link } = notice;
    const alias = `routewarden-${alert.id}`;
    const text = paragraphs(notice).join('\n').slice(0, DESCRIPTION);
    const told = (alert.delivered.channels?.[this.name]?.revision ?? 0) > 0;
    if (phase === 'resolved' && told) {
      return { path: `/${alias}/close?identifierType=alias`, body: { source: 'Routewarden', note: text } };
    }
    // What grew, or went silent: its alert stays open.
    if (phase !== 'raised' && told) {
      return { path: `/${alias}/notes?identifierType=alias`, body: { source: 'Routewarden', note: text } };
    }
    return {
      path: '',
      body: {
        alias,
        message: headline(notice).slice(0, MESSAGE),
        description: text,
        priority: PRIORITY[alert.severity],
        source: 'Routewarden',
        entity: alert.body.stream ?? 'routewarden',
        tags: [alert.kind, ...(alert.body.class === undefined ? [] : [alert.body.class])],
        details: {
          ...(link === undefined ? {} : { link }),
          ...Object.fromEntries(Object.entries(alert.body.facts ?? {}).map(([name, value]) => [name, String(value)])),
        },
      },
    };
  }

  async close(): Promise<void> {}
}
