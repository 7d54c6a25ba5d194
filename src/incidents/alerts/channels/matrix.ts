import { type Notice, noticeKey } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { paragraphs } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, Refused, timed } from './post.js';

/** An event may have 65,536 bytes (spec.matrix.org, "Size limits"); so many letters leave room. */
const LONGEST = 12_000;

/** A room of Matrix (client-server API, PUT .../send/m.room.message/{txnId}): a message an alert, the same id when it is sent again. */
export class MatrixChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'matrix'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { url, room, accessToken, timeoutSeconds } = this.settings;
    const within = timed(signal, timeoutSeconds);
    const place = `${url.replace(/\/+$/, '')}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message`;
    for (const notice of notices) {
      const body = paragraphs(notice).join('\n').slice(0, LONGEST);
      // a notice is read without a sound, which is right for what is over
      const message = { msgtype: notice.phase === 'resolved' ? 'm.notice' : 'm.text', body };
      const headers = { authorization: `Bearer ${accessToken}` };
      try {
        await postJson(`${place}/${noticeKey(notice)}`, JSON.stringify(message), headers, within, 'PUT');
      } catch (error) {
        throw withDelay(error);
      }
    }
  }

  async close(): Promise<void> {}
}

/** Older servers say in their answer alone how long to wait: `"retry_after_ms": 2000`. */
function withDelay(error: unknown): unknown {
  if (!(error instanceof Refused) || error.retryAt(new Date()) !== null) return error;
  const wait = /"retry_after_ms":\s*(\d+)/.exec(error.message)?.[1];
  return wait === undefined ? error : new Refused(error.message, error.status, String(Math.ceil(Number(wait) / 1000)));
}
