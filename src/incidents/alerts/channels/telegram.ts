import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { paragraphs } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, Refused, timed } from './post.js';

/** core.telegram.org/bots/api#sendmessage: 4,096 characters after parsing. */
const LONGEST = 4_096;

/** Bot API of Telegram: plain text, as many messages as it takes. Silent for what is over. */
export class TelegramChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'telegram'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { url, botToken, chat, timeoutSeconds } = this.settings;
    const within = timed(signal, timeoutSeconds);
    for (const text of messagesOf(notices)) {
      const body = {
        chat_id: chat,
        text,
        link_preview_options: { is_disabled: true },
        disable_notification: notices.every(({ phase }) => phase === 'resolved'),
      };
      try {
        await postJson(`${url.replace(/\/+$/, '')}/bot${botToken}/sendMessage`, JSON.stringify(body), {}, within);
      } catch (error) {
        throw withDelay(error);
      }
    }
  }

  async close(): Promise<void> {}
}

/** Telegram says in its answer how long to wait: `"retry_after": 35`. */
function withDelay(error: unknown): unknown {
  if (!(error instanceof Refused)) return error;
  const seconds = /"retry_after":\s*(\d+)/.exec(error.message)?.[1];
  return seconds === undefined ? error : new Refused(error.message, error.status, seconds);
}

/** Notices joined as long as they fit into one message. */
function messagesOf(notices: readonly Notice[]): string[] {
  const messages: string[] = [];
  for (const notice of notices) {
    const text = paragraphs(notice).join('\n').slice(0, LONGEST);
    const last = messages.at(-1);
    if (last !== undefined && last.length + text.length + 2 <= LONGEST)
      messages[messages.length - 1] = `${last}\n\n${text}`;
    else messages.push(text);
  }
  return messages;
}
