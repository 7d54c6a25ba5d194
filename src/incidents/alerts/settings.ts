import { z } from 'zod';
import { INCIDENT_CLASSES, SEVERITIES } from '../incident.js';
import { ALERT_KINDS } from './alert.js';
import { channelSettings, httpUrl } from './channelSettings.js';

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
        'Who hears what, by every route that fits. Without routes, all channels hear what reaches `minimumSeverity`',
      ),
    minimumSeverity: z
      .enum(SEVERITIES)
      .default('major')
      .describe('Severity from which notices are sent, where no route names another; the rest is only listed'),
    history: z
      .boolean()
      .default(false)
      .describe('Send notices of replayed and backfilled minutes too, to try out channels'),
    historyMinutes: z
      .number()
      .min(10)
      .max(10_080)
      .default(60)
      .describe('Minutes judged so much later, as after a backfill, are history'),
    groupSeconds: z
      .number()
      .min(0)
      .max(3600)
      .default(30)
      .describe('How long a notice waits for others; critical and watched ones do not wait'),
    groupLimit: z.number().int().min(1).max(200).default(20).describe('Most notices in one message'),
    repeatMinutes: z
      .number()
      .min(0)
      .default(15)
      .describe('What is raised again within these minutes waits that long, and is dropped if it ends'),
    remindMinutes: z
      .number()
      .min(0)
      .default(1440)
      .describe('What is still open is sent again after so long, until somebody acknowledges it; 0: never'),
    heartbeat: z
      .strictObject({
        url: httpUrl.describe('Such as a check of healthchecks.io'),
        intervalSeconds: z.number().int().min(10).max(86_400).default(300).describe('Seconds between two requests'),
        method: z.enum(['GET', 'POST']).default('GET'),
      })
      .optional()
      .describe('Request that is made while feeds, services and stages are well'),
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
    resolved: z.boolean().default(true).describe('Send a notice when it is over'),
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
export type RouteSettings = z.infer<typeof routeSettings>;
export type QuietHours = NonNullable<AlertSettings['quietHours']>;
