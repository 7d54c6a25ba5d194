import { connect, type Socket } from 'node:net';
import { createTransport, type Transporter } from 'nodemailer';
import { type Notice, noticeKey } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { paragraphs, subject } from '../words.js';
import type { AlertChannel } from './channel.js';

/** Plain text over SMTP (RFC 5321), with STARTTLS or TLS and AUTH as the settings say. */
export class EmailChannel implements AlertChannel {
  readonly name: string;
  readonly #transport: Transporter;
  /** Of mails under way: nodemailer ends one after a silence only, and a server that drips is never silent. */
  readonly #sockets = new Set<Socket>();

  constructor(private readonly settings: ChannelOf<'email'>) {
    this.name = settings.name;
    const { host, port, security, user, password, certificateAuthority } = settings;
    const timeout = settings.timeoutSeconds * 1000;
    this.#transport = createTransport({
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
      getSocket: (_options: unknown, done: (error: Error | null, socket?: { connection: Socket }) => void) =>
        this.#connect(host, port, timeout, done),
      // Alert texts carry names from the network: none of them may name a file or an address to fetch.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { from, to } = this.settings;
    const first = notices[0]!;
    const cut = () => {
      for (const socket of this.#sockets) socket.destroy(signal.reason as Error);
    };
    signal.addEventListener('abort', cut, { once: true });
    const sent = this.#transport.sendMail({
      from,
      to,
      subject: subject(notices),
      text: notices.map((notice) => paragraphs(notice).join('\n')).join('\n\n'),
      messageId: `<${noticeKey(first)}-${notices.length}@routewarden>`,
      // All mails of one alert make one thread, and no out-of-office robot answers.
      references: `<routewarden-${first.alert.id}@routewarden>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    try {
      await sent;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  #connect(
    host: string,
    port: number,
    timeout: number,
    done: (error: Error | null, socket?: { connection: Socket }) => void,
  ): void {
    const socket = connect({ host, port });
    this.#sockets.add(socket);
    const silent = () => socket.destroy(new Error(`no connection to ${host}:${port} after ${timeout / 1000} s`));
    socket.setTimeout(timeout, silent);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.once('error', done);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeListener('timeout', silent);
      socket.removeListener('error', done);
      done(null, { connection: socket });
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#transport.close();
  }
}
