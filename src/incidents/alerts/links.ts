import { hostname } from 'node:os';
import type { Alert, Notice } from './alert.js';
import type { AlertChannel } from './channels/channel.js';

/** Where people reach the page, without a slash at the end. A page that listens everywhere is named by its machine. */
export function pageAddress(settings: { publicUrl?: string | undefined; host: string; port: number }): string {
  if (settings.publicUrl !== undefined) return settings.publicUrl.replace(/\/+$/, '');
  const everywhere = settings.host === '0.0.0.0' || settings.host === '::';
  const host = everywhere ? hostname() : settings.host;
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${settings.port}`;
}

/** The page of what an alert is about. */
export function pageOf({ body }: Pick<Alert, 'body'>): string {
  const { incident, model } = body.facts ?? {};
  if (typeof incident === 'number') return `/incidents/${incident}`;
  if (typeof model === 'string') return `/models/${encodeURIComponent(model)}`;
  return '/';
}

/** A channel whose notices carry the address of their page. */
export class LinkingChannel implements AlertChannel {
  readonly name: string;

  constructor(
    private readonly inner: AlertChannel,
    private readonly page: string,
  ) {
    this.name = inner.name;
  }

  send(notices: readonly Notice[], signal: AbortSignal): Promise<void> {
    const linked = notices.map((notice) => ({ ...notice, link: `${this.page}${pageOf(notice.alert)}` }));
    return this.inner.send(linked, signal);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
