import type { Severity } from '../../incident.js';
import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { headline, paragraphs, subject } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

const COLOURS: Record<Severity, string> = { info: '#5b7083', minor: '#b58900', major: '#d9480f', critical: '#c92a2a' };
const LONGEST = 2500;

/** Slack takes these three as markup (api.slack.com/reference/surfaces/formatting). */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Incoming webhook with attachments, which Slack, Mattermost and Rocket.Chat all read. */
export class SlackChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'slack'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const attachments = notices.map((notice) => ({
      color: notice.phase === 'resolved' ? '#2b8a3e' : COLOURS[notice.alert.severity],
      title: escaped(headline(notice)),
      ...(notice.link === undefined ? {} : { title_link: notice.link }),
      text: escaped(paragraphs(notice).slice(1).join('\n').slice(0, LONGEST)),
      fallback: escaped(headline(notice)),
      ts: Math.floor(notice.alert.raisedAt.getTime() / 1000),
    }));
    const body = JSON.stringify({ text: escaped(subject(notices)), attachments });
    await postJson(this.settings.url, body, {}, timed(signal, this.settings.timeoutSeconds));
  }

  async close(): Promise<void> {}
}
