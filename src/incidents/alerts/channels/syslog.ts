import { createSocket } from 'node:dgram';
import { createConnection } from 'node:net';
import { hostname } from 'node:os';
import type { Severity } from '../../incident.js';
import { isLast, type Notice, noticeKey } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { headline } from '../words.js';
import type { AlertChannel } from './channel.js';

/** RFC 5424, table 2: critical 2, error 3, warning 4, notice 5. */
const SEVERITY: Record<Severity, number> = { critical: 2, major: 3, minor: 4, info: 5 };
/** RFC 5424 gives enterprise number 32473 for documentation (RFC 5612): there is none of our own. */
const STRUCTURE = 'routewarden@32473';

function printable(text: string, longest: number): string {
  const kept = text.replace(/[^\x21-\x7e]+/g, '-').slice(0, longest);
  return kept === '' ? '-' : kept;
}

function quoted(value: string): string {
  return `"${value.replace(/[\r\n]+/g, ' ').replace(/(["\\\]])/g, '\\$1')}"`;
}

/** A message of RFC 5424, section 6, in UTF-8 with its byte order mark. */
export function syslogMessage(notice: Notice, facility: number, host: string, processId: number): string {
  const { alert, phase } = notice;
  const priority = facility * 8 + SEVERITY[alert.severity];
  const time = (isLast(notice) ? (alert.resolvedAt ?? alert.raisedAt) : alert.raisedAt).toISOString();
  const parts = { key: noticeKey(notice), kind: alert.kind, phase, stream: alert.body.stream, class: alert.body.class };
  const structure = Object.entries(parts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${quoted(String(value))}`)
    .join('');
  const text = [headline(notice), ...(notice.link === undefined ? [] : [notice.link]), ...alert.body.lines]
    .join('; ')
    .replace(/[\r\n]+/g, ' ');
  const header = `<${priority}>1 ${time} ${printable(host, 255)} routewarden ${processId} ${printable(alert.kind, 32)}`;
  return `${header} [${STRUCTURE}${structure}] \ufeff${text}`;
}

/** UDP as RFC 5426 (a datagram a message), TCP with octet counting as RFC 6587, 3.4.1. */
export class SyslogChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'syslog'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const { facility, transport } = this.settings;
    const host = this.settings.hostname ?? hostname();
    const messages = notices.map((notice) => Buffer.from(syslogMessage(notice, facility, host, process.pid)));
    if (transport === 'udp') await this.#sendDatagrams(messages);
    else await this.#sendStream(messages, signal);
  }

  async #sendDatagrams(messages: Buffer[]): Promise<void> {
    const { host, port } = this.settings;
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    try {
      for (const message of messages) {
        // 2048 octets is what receivers should take (RFC 5426, 3.2).
        const datagram = message.subarray(0, 2048);
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject);
          socket.send(datagram, port, host, (error) => (error === null ? resolve() : reject(error)));
        });
      }
    } finally {
      socket.close();
    }
  }

  #sendStream(messages: Buffer[], signal: AbortSignal): Promise<void> {
    const { host, port, timeoutSeconds } = this.settings;
    const frames = messages.flatMap((message) => [Buffer.from(`${message.length} `), message]);
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host, port, signal, timeout: timeoutSeconds * 1000 });
      socket.once('error', reject);
      socket.once('timeout', () => socket.destroy(new Error(`${host}:${port} did not take the message in time`)));
      // The receiver's close says that it has read to the end.
      socket.once('close', (failed) => failed || resolve());
      socket.resume();
      socket.end(Buffer.concat(frames));
    });
  }

  async close(): Promise<void> {}
}
