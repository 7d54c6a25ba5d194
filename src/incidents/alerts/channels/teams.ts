import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { headline, paragraphs, subject } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

const COLOUR = { critical: 'attention', major: 'warning', minor: 'accent', info: 'default' } as const;
/** A message may have 28 KB; a card of so many letters leaves room. */
const LONGEST = 2_000;
const MOST = 10;

/**
 * A webhook of a Microsoft Teams workflow ("When a Teams webhook request is received"): one message with an adaptive card
 * (adaptivecards.io, version 1.4).
 */
export class TeamsChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'teams'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const shown = notices.slice(0, MOST);
    const left = notices.length - shown.length;
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      msteams: { width: 'Full' },
      fallbackText: subject(notices),
      body: [
        ...shown.flatMap(blocksOf),
        ...(left === 0 ? [] : [{ type: 'TextBlock', text: `and ${left} more on the page`, wrap: true }]),
      ],
    };
    const message = {
      type: 'message',
      summary: subject(notices),
      attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
    };
    await postJson(this.settings.url, JSON.stringify(message), {}, timed(signal, this.settings.timeoutSeconds));
  }

  async close(): Promise<void> {}
}

function blocksOf(notice: Notice): object[] {
  const colour = notice.phase === 'resolved' ? 'good' : COLOUR[notice.alert.severity];
  const title = escaped(headline(notice));
  const lines = paragraphs(notice)
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== notice.link);
  return [
    {
      type: 'TextBlock',
      text: notice.link === undefined ? title : `[${title}](${notice.link})`,
      weight: 'bolder',
      color: colour,
      wrap: true,
      separator: true,
    },
    { type: 'TextBlock', text: escaped(lines.join('\n\n').slice(0, LONGEST)), wrap: true, spacing: 'small' },
  ];
}

/** Cards take some Markdown; names from the network must not become any. */
function escaped(text: string): string {
  return text.replace(/([\\`*_[\]()#<>~])/g, '\\$1');
}
