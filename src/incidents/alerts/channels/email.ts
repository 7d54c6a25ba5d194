import { createTransport, type Transporter } from 'nodemailer';
import { type Notice, noticeKey } from '../alert.js';
import type { ChannelOf } from '../settings.js';
import { paragraphs, subject } from '../words.js';
import type { AlertChannel } from './channel.js';

/** Plain text over SMTP (RFC 5321), with STARTTLS or TLS and AUTH as the settings say. */
export class EmailChannel implements AlertChannel {
  readonly name: string;
  private readonly transport: Transporter;

  constructor(private readonly settings: ChannelOf<'email'>) {
    this.name = settings.name;
    const { host, port, security, user, password, certificateAuthority } = settings;
    const timeout = settings.timeoutSeconds * 1000;
    this.transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      auth: user === undefined ? undefined : { user, pass: password ?? '' },
      tls: certificateAuthority === undefined ? {} : { ca: certificateAuthority },
      connectionTimeout: timeout,
      greetingTimeout: timeout,
      socketTimeout: timeout,
      // Alert texts carry names from the network: none of them may name a file or an address to fetch.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { from, to } = this.settings;
    const first = notices[0]!;
    await this.transport.sendMail({
      from,
      to,
      subject: subject(notices),
      text: notices.map((notice) => paragraphs(notice).join('\n')).join('\n\n'),
      messageId: `<${noticeKey(first)}-${notices.length}@routewarden>`,
      // All mails of one alert make one thread, and no out-of-office robot answers.
      references: `<routewarden-${first.alert.id}@routewarden>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  }

  async close(): Promise<void> {
    this.transport.close();
  }
}
