import { z } from 'zod';
import { INCIDENT_CLASSES, SEVERITIES } from '../incident.js';
import { ALERT_KINDS } from './alert.js';
import { faultOfTemplate } from './bodyTemplate.js';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,40}$/i, 'use letters, digits, dots and dashes')
  .describe('How routes refer to this channel');
const timeoutSeconds = z.number().positive().max(120).default(10).describe('How long one delivery may take');
const port = z.number().int().min(1).max(65_535);

const webhookSettings = z.strictObject({
  type: z.literal('webhook'),
  name,
  url: z.url({ protocol: /^https?$/ }).describe('Takes a POST with the alerts as JSON'),
  method: z.enum(['POST', 'PUT', 'PATCH']).default('POST'),
  headers: z.record(z.string(), z.string()).default({}).describe('Further headers, such as Authorization'),
  secret: z
    .string()
    .min(8)
    .optional()
    .describe('Signs the body: header X-Routewarden-Signature is sha256= and its HMAC-SHA256 in hex'),
  template: z
    .string()
    .min(1)
    .optional()
    .superRefine((text, context) => {
      const fault = text === undefined ? null : faultOfTemplate(text);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    })
    .describe('Body of one POST an alert, a Mustache template of JSON such as {"text": "{{title}} {{link}}"}'),
  timeoutSeconds,
});

const slackSettings = z.strictObject({
  type: z.literal('slack'),
  name,
  url: z.url({ protocol: /^https?$/ }).describe('Incoming webhook of Slack, Mattermost, Rocket.Chat or the like'),
  timeoutSeconds,
});

const emailSettings = z.strictObject({
  type: z.literal('email'),
  name,
  host: z.string().min(1).describe('SMTP server'),
  port: port.default(587),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('starttls: must upgrade; tls: from the start (port 465); none: plain, for a server on this machine'),
  user: z.string().optional(),
  password: z.string().optional(),
  from: z.string().min(3).describe('Sender, such as Routewarden <alerts@example.net>'),
  to: z.array(z.string().min(3)).min(1).describe('Recipients'),
  certificateAuthority: z.string().optional().describe('PEM of a private authority that signed the server'),
  timeoutSeconds,
});

const syslogSettings = z.strictObject({
  type: z.literal('syslog'),
  name,
  host: z.string().default('127.0.0.1'),
  port: port.default(514),
  transport: z.enum(['udp', 'tcp']).default('udp').describe('udp (RFC 5426), or tcp with octet counting (RFC 6587)'),
  facility: z.number().int().min(0).max(23).default(16).describe('16 is local0'),
  hostname: z.string().optional().describe('HOSTNAME field; the name of this machine when left out'),
  timeoutSeconds,
});

const fileSettings = z.strictObject({
  type: z.literal('file'),
  name,
  path: z.string().min(1).describe('A JSON object a line is appended'),
});

const httpUrl = z.url({ protocol: /^https?$/ });

const pagerdutySettings = z.strictObject({
  type: z.literal('pagerduty'),
  name,
  routingKey: z.string().min(1).describe('Integration key of a service (Events API v2)'),
  url: httpUrl.default('https://events.pagerduty.com/v2/enqueue'),
  timeoutSeconds,
});

const opsgenieSettings = z.strictObject({
  type: z.literal('opsgenie'),
  name,
  apiKey: z.string().min(1).describe('Key of an API integration'),
  url: httpUrl.default('https://api.opsgenie.com').describe('https://api.eu.opsgenie.com for the EU'),
  timeoutSeconds,
});

const teamsSettings = z.strictObject({
  type: z.literal('teams'),
  name,
  url: httpUrl.describe('Webhook of a Microsoft Teams workflow'),
  timeoutSeconds,
});

const telegramSettings = z.strictObject({
  type: z.literal('telegram'),
  name,
  botToken: z
    .string()
    .regex(/^\d+:[\w-]+$/, 'expected the token that BotFather gave')
    .describe('Token of the bot'),
  chat: z.string().min(1).describe('Chat id, such as -1001234567890, or @channelname'),
  url: httpUrl.default('https://api.telegram.org'),
  timeoutSeconds,
});

const matrixSettings = z.strictObject({
  type: z.literal('matrix'),
  name,
  url: httpUrl.describe('Home server, such as https://matrix.example.net'),
  room: z
    .string()
    .regex(/^!\S+$/, 'expected the id of a room, such as !abc:example.net')
    .describe('Id of the room'),
  accessToken: z.string().min(1).describe('Token of a user who is in the room'),
  timeoutSeconds,
});

const webexSettings = z.strictObject({
  type: z.literal('webex'),
  name,
  url: httpUrl.describe('Incoming webhook of Webex'),
  timeoutSeconds,
});

const alertaSettings = z.strictObject({
  type: z.literal('alerta'),
  name,
  url: httpUrl.describe('API of Alerta, such as https://alerta.example.net/api'),
  apiKey: z.string().min(1).optional(),
  environment: z.string().min(1).default('Production').describe('One that the server allows'),
  timeoutSeconds,
});

const kafkaSettings = z
  .strictObject({
    type: z.literal('kafka'),
    name,
    brokers: z
      .array(z.string().regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i, 'expected host:port'))
      .min(1)
      .describe('Brokers to begin with, such as kafka.example.net:9092'),
    topic: z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'is not a name of a topic'),
    tls: z.boolean().default(false),
    certificateAuthority: z.string().optional().describe('PEM of a private authority that signed the brokers'),
    user: z.string().optional(),
    password: z.string().optional(),
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512').describe('SASL'),
    timeoutSeconds,
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'user and password go together',
  });

export const channelSettings = z.discriminatedUnion('type', [
  webhookSettings,
  slackSettings,
  emailSettings,
  syslogSettings,
  fileSettings,
  pagerdutySettings,
  opsgenieSettings,
  teamsSettings,
  telegramSettings,
  kafkaSettings,
  matrixSettings,
  webexSettings,
  alertaSettings,
]);

const routeSettings = z.strictObject({
  channels: z.array(z.string()).min(1).describe('Names of channels'),
  kinds: z.array(z.enum(ALERT_KINDS)).optional().describe('Only these kinds; all when left out'),
  minimumSeverity: z
    .enum(SEVERITIES)
    .optional()
    .describe('Only from this severity on; `alerts.minimumSeverity` when left out'),
  classes: z.array(z.enum(INCIDENT_CLASSES)).optional().describe('Only incidents of these classes'),
  streams: z.array(z.string()).optional().describe('Only these streams'),
  groups: z
    .array(z.string().min(1))
    .optional()
    .describe('Only what touches prefixes of yours that `watch` puts in one of these groups'),
  watchedOnly: z.boolean().default(false).describe('Only what touches your own networks'),
});

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as 22:30');

export const alertSettings = z
  .strictObject({
    channels: z
      .array(channelSettings)
      .default([])
      .describe(
        'Where alerts go: webhook, slack, email, syslog, file, pagerduty, opsgenie, teams, telegram, kafka, matrix, webex, alerta',
      ),
    routes: z
      .array(routeSettings)
      .default([])
      .describe(
        'Who hears what; an alert goes to the channels of every route that fits. Without routes: all channels hear what reaches `minimumSeverity`',
      ),
    minimumSeverity: z
      .enum(SEVERITIES)
      .default('major')
      .describe(
        'Severity from which notices are sent, without routes and in routes that name none; the rest is only listed',
      ),
    history: z
      .boolean()
      .default(false)
      .describe('Tell of replayed and backfilled minutes too: to try out channels with a recording'),
    historyMinutes: z
      .number()
      .min(10)
      .max(10_080)
      .default(60)
      .describe('Minutes of a live feed that are judged so much later, as after a backfill, are history'),
    groupSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(30)
      .describe('How long a notice waits for others to go in one message; critical and watched ones do not wait'),
    groupLimit: z.number().int().min(1).max(200).default(20).describe('Most notices in one message'),
    repeatMinutes: z
      .number()
      .min(0)
      .default(15)
      .describe(
        'The same thing raised again within these minutes waits that long, and is dropped if it ends meanwhile',
      ),
    remindMinutes: z
      .number()
      .min(0)
      .default(1440)
      .describe(
        'What is still open, and was sent so long ago, is sent again until somebody acknowledges its incident; 0: never',
      ),
    heartbeat: z
      .strictObject({
        url: httpUrl.describe('Such as a check of healthchecks.io'),
        intervalSeconds: z.number().int().min(10).max(86_400).default(300).describe('Seconds between two requests'),
        method: z.enum(['GET', 'POST']).default('GET'),
      })
      .optional()
      .describe(
        'Asked for as long as feeds, services and stages are well, so that somebody hears when this machine is gone',
      ),
    feedStaleSeconds: z
      .number()
      .min(10)
      .default(180)
      .describe('Raise an alert when a live feed gave no sign of life for this long'),
    serviceDownSeconds: z
      .number()
      .min(10)
      .default(60)
      .describe('Raise an alert when a service sent no heartbeat for this long'),
    stageBehindSeconds: z
      .number()
      .min(60)
      .default(120)
      .describe('Raise an alert when the oldest unread row of a stage has waited this long'),
    resolved: z.boolean().default(true).describe('Tell when it is over'),
    quietHours: z
      .strictObject({
        from: clockTime.describe('Time of day at which they begin, such as 22:00'),
        until: clockTime.describe('Time of day at which they end, such as 07:00'),
        timeZone: z.string().default('UTC').describe('IANA name, such as Europe/Amsterdam'),
        allow: z.enum(SEVERITIES).default('critical').describe('From this severity on, notices are sent all the same'),
      })
      .optional()
      .describe(
        'Hours in which notices are held back until they end; those about your own networks are sent all the same',
      ),
    retry: z
      .strictObject({
        attempts: z.number().int().min(1).max(50).default(8).describe('Tries of one message before it is given up'),
        firstSeconds: z
          .number()
          .positive()
          .default(5)
          .describe('Wait after the first try; each further one is twice as long'),
        longestSeconds: z.number().positive().default(600).describe('Longest wait between two tries'),
      })
      .prefault({})
      .describe('Tries of a failed delivery, each after twice the wait, before it is given up'),
  })
  .superRefine((settings, check) => {
    const names = settings.channels.map((channel) => channel.name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) !== index) {
        check.addIssue({
          code: 'custom',
          path: ['channels', index, 'name'],
          message: `channel "${name}" is there twice`,
        });
      }
    }
    for (const [index, route] of settings.routes.entries()) {
      for (const name of route.channels) {
        if (names.includes(name)) continue;
        const known = names.join(', ') || 'none';
        const message = `no channel is named "${name}"; there are: ${known}`;
        check.addIssue({ code: 'custom', path: ['routes', index, 'channels'], message });
      }
    }
    if (settings.quietHours !== undefined) {
      try {
        new Intl.DateTimeFormat('en', { timeZone: settings.quietHours.timeZone });
      } catch {
        const message = `"${settings.quietHours.timeZone}" is not a time zone; write one such as Europe/Amsterdam`;
        check.addIssue({ code: 'custom', path: ['quietHours', 'timeZone'], message });
      }
    }
  })
  .prefault({});

export type AlertSettings = z.infer<typeof alertSettings>;
export type ChannelSettings = z.infer<typeof channelSettings>;
export type ChannelOf<Type extends ChannelSettings['type']> = Extract<ChannelSettings, { type: Type }>;
export type RouteSettings = z.infer<typeof routeSettings>;
export type QuietHours = NonNullable<AlertSettings['quietHours']>;
