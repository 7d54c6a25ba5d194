import { z } from 'zod';
import { valueFault } from '../words/valueFault.js';

const name = /^[a-z0-9.:[\]-]+$/i;

/** What the HTTP server needs to know. The command line fills it from the environment and the configuration file. */
export const dashboardSettings = z
  .strictObject({
    host: z
      .string()
      .regex(name, 'is not a host name or address')
      .default('127.0.0.1')
      .describe('Address to listen on; beyond loopback a token is needed'),
    port: z.int().min(0).max(65_535).default(8787).describe('Port of the page; 0 takes any free one'),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Address at which people reach the page, for links in alerts; absent: its host and port'),
    token: z
      .string()
      .min(16, 'is too short to be safe: use 16 characters or more')
      .optional()
      .describe('Signing in with it gives the right to change things'),
    readToken: z
      .string()
      .min(16, 'is too short to be safe: use 16 characters or more')
      .optional()
      .describe('Signing in with it gives the right to look'),
    allowedHosts: z
      .array(z.string().regex(name, 'is not a host name'))
      .default([])
      .describe('Names that the Host header may have besides loopback ones; empty: any, when there is a token'),
    plainHttp: z
      .boolean()
      .default(false)
      .describe('Lets the session cookie travel without TLS: only on a network that you trust'),
    live: z
      .boolean()
      .default(true)
      .describe('Whether the feed runs at the pace of the clock; false for simulations, replays and archives'),
    pollInterval: z
      .int()
      .min(100)
      .max(60_000)
      .default(1_000)
      .describe('How often the server looks for changes to send to open pages, milliseconds'),
    sessionHours: z.number().positive().max(720).default(12).describe('How long one stays signed in'),
    loginAttempts: z
      .int()
      .min(1)
      .default(8)
      .describe('Wrong tokens of one address in a quarter of an hour, after which its tries are slowed'),
    trustedProxies: z
      .array(z.string().regex(/^[0-9a-f.:/]+$/i, 'is not an address or network'))
      .default([])
      .describe('Addresses or networks of proxies in front, whose X-Forwarded-For is believed'),
    staleAfter: z
      .number()
      .positive()
      .default(120)
      .describe('A live feed or a service silent for more seconds is shown as stale'),
  })
  .superRefine((settings, context) => {
    if (!isLoopback(settings.host) && settings.token === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['token'],
        message:
          `is missing: the dashboard will not listen on ${settings.host}, which others can reach, without a token. ` +
          'Set DASHBOARD_TOKEN to a secret of 16 characters or more, or listen on 127.0.0.1',
      });
    }
    if (settings.readToken !== undefined && settings.token === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['token'],
        message: 'is missing: a read-only token protects nothing while everyone may change things; set both',
      });
    }
    if (settings.token !== undefined && settings.token === settings.readToken) {
      context.addIssue({ code: 'custom', path: ['readToken'], message: 'must differ from the token' });
    }
  });

export type DashboardSettings = z.infer<typeof dashboardSettings>;

/** Settings that cannot be used; the message names each setting and what to do. */
export class BadDashboardSettings extends Error {
  constructor(message: string) {
    super(`dashboard settings: ${message}`);
    this.name = 'BadDashboardSettings';
  }
}

/**
 * Fills in the defaults.
 * @throws BadDashboardSettings when a value is wrong, or when the page would be open to others without a token
 */
export function readDashboardSettings(given: z.input<typeof dashboardSettings>): DashboardSettings {
  const read = dashboardSettings.safeParse(given, { error: valueFault });
  if (read.success) return read.data;
  throw new BadDashboardSettings(
    read.error.issues.map((issue) => `${issue.path.join('.') || 'value'} ${issue.message}`).join('; '),
  );
}

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare);
}
