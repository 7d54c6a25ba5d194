import { z } from 'zod';
import { faultOfTemplate } from './bodyTemplate.js';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,40}$/i, 'use letters, digits, dots and dashes')
  .describe('How routes refer to this channel');
const timeoutSeconds = z.number().positive().max(120).default(10).describe('How long one delivery may take');
const port = z.number().int().min(1).max(65_535);
export const httpUrl = z.url({ protocol: /^https?$/ });

const webhookSettings = z.strictObject({
  type: z.literal('webhook'),
  name,
  url: httpUrl.describe('Takes a POST with the alerts as JSON'),
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
  url: httpUrl.describe('Incoming webhook of Slack, Mattermost, Rocket.Chat or the like'),
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

export type ChannelSettings = z.infer<typeof channelSettings>;
export type ChannelOf<Type extends ChannelSettings['type']> = Extract<ChannelSettings, { type: Type }>;
