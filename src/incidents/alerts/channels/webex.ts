import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { paragraphs } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

/** A message may have 7,439 bytes (developer.webex.com, "Create a Message"). */
const LONGEST = 7_000;

/** An incoming webhook of Webex: plain text, a message an alert. */
export class WebexChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'webex'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const within = timed(signal, this.settings.timeoutSeconds);
    for (const notice of notices) {
      const text = Buffer.from(paragraphs(notice).join('\n')).toString('utf8', 0, LONGEST);
      await postJson(this.settings.url, JSON.stringify({ text }), {}, within);
    }
  }

  async close(): Promise<void> {}
}
