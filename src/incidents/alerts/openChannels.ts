import type { ChannelSettings } from './channelSettings.js';
import { AlertaChannel } from './channels/alerta.js';
import type { AlertChannel } from './channels/channel.js';
import { EmailChannel } from './channels/email.js';
import { FileChannel } from './channels/file.js';
import { KafkaChannel } from './channels/kafka.js';
import { MatrixChannel } from './channels/matrix.js';
import { OpsgenieChannel } from './channels/opsgenie.js';
import { PagerDutyChannel } from './channels/pagerduty.js';
import { RestingChannel } from './channels/resting.js';
import { SlackChannel } from './channels/slack.js';
import { SyslogChannel } from './channels/syslog.js';
import { TeamsChannel } from './channels/teams.js';
import { TelegramChannel } from './channels/telegram.js';
import { WebexChannel } from './channels/webex.js';
import { WebhookChannel } from './channels/webhook.js';
import { LinkingChannel } from './links.js';

function bareChannel(settings: ChannelSettings): AlertChannel {
  switch (settings.type) {
    case 'webhook':
      return new WebhookChannel(settings);
    case 'slack':
      return new SlackChannel(settings);
    case 'email':
      return new EmailChannel(settings);
    case 'syslog':
      return new SyslogChannel(settings);
    case 'pagerduty':
      return new PagerDutyChannel(settings);
    case 'opsgenie':
      return new OpsgenieChannel(settings);
    case 'teams':
      return new TeamsChannel(settings);
    case 'telegram':
      return new TelegramChannel(settings);
    case 'kafka':
      return new KafkaChannel(settings);
    case 'matrix':
      return new MatrixChannel(settings);
    case 'webex':
      return new WebexChannel(settings);
    case 'alerta':
      return new AlertaChannel(settings);
    case 'file':
      return new FileChannel(settings);
  }
}

/**
 * The channel that settings describe. Nothing is connected until the first message.
 * @param page address of the page, for links
 */
export function openChannel(settings: ChannelSettings, page?: string): AlertChannel {
  const channel = new RestingChannel(bareChannel(settings), () => new Date());
  return page === undefined ? channel : new LinkingChannel(channel, page);
}

export function openChannels(settings: readonly ChannelSettings[], page?: string): AlertChannel[] {
  return settings.map((one) => openChannel(one, page));
}
