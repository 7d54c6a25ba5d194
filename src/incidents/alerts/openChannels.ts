import type { AlertChannel } from './channels/channel.js';
import { EmailChannel } from './channels/email.js';
import { FileChannel } from './channels/file.js';
import { SlackChannel } from './channels/slack.js';
import { SyslogChannel } from './channels/syslog.js';
import { WebhookChannel } from './channels/webhook.js';
import type { ChannelSettings } from './settings.js';

/** The channel that settings describe. Nothing is connected until the first message. */
export function openChannel(settings: ChannelSettings): AlertChannel {
  switch (settings.type) {
    case 'webhook':
      return new WebhookChannel(settings);
    case 'slack':
      return new SlackChannel(settings);
    case 'email':
      return new EmailChannel(settings);
    case 'syslog':
      return new SyslogChannel(settings);
    case 'file':
      return new FileChannel(settings);
  }
}

export function openChannels(settings: readonly ChannelSettings[]): AlertChannel[] {
  return settings.map(openChannel);
}
