import { createHmac } from 'node:crypto';
import { type Notice, noticeKey } from '../alert.js';
import { bodyOf } from '../bodyTemplate.js';
import type { ChannelOf } from '../channelSettings.js';
import { noticeObject } from '../words.js';
import type { AlertChannel } from './channel.js';
import { postJson, timed } from './post.js';

/** Posts `{"alerts": [...]}`, or one body of the template for each alert. The Idempotency-Key header is the same when a message is sent again. */
export class WebhookChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'webhook'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { template } = this.settings;
    if (template === undefined)
      return this.#post(notices, JSON.stringify({ alerts: notices.map(noticeObject) }), signal);
    for (const notice of notices) await this.#post([notice], bodyOf(template, noticeObject(notice)), signal);
  }

  async #post(notices: readonly Notice[], body: string, signal: AbortSignal): Promise<void> {
    const { url, method, headers, secret, timeoutSeconds } = this.settings;
    const key = notices.map(noticeKey).join(',');
    const signature: Record<string, string> =
      secret === undefined
        ? {}
        : { 'x-routewarden-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
    const all = { ...headers, 'idempotency-key': key, ...signature };
    await postJson(url, body, all, timed(signal, timeoutSeconds), method);
  }

  async close(): Promise<void> {}
}
