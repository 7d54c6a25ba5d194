import type { Command } from 'commander';
import { secretHider } from '../config/redaction.js';
import type { Alert } from '../incidents/alerts/alert.js';
import { alertFacts } from '../incidents/alerts/alertFacts.js';
import { describeFault } from '../incidents/alerts/channels/post.js';
import { pageAddress } from '../incidents/alerts/links.js';
import { openChannel } from '../incidents/alerts/openChannels.js';
import { sendTestAlert } from '../incidents/alerts/testAlert.js';
import { listAlerts } from '../storage/alerts.js';
import { whole } from './numbers.js';
import { printJson, say, table, UsageError } from './output.js';
import { lookAt, settingsOf } from './store.js';

const MOST = 1000;

export function register(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('List alerts and how far they were delivered; try the channels.')
    .addHelpText(
      'after',
      `
Examples:
  routewarden alerts list --open
  routewarden alerts test           every channel
  routewarden alerts test noc       one channel`,
    );
  registerList(alerts, program);
  registerTest(alerts, program);
}

function registerList(alerts: Command, program: Command): void {
  alerts
    .command('list')
    .description('List alerts, newest first.')
    .option('--open', 'only those that are not over')
    .option('--limit <number>', 'at most this many', whole(1, MOST), 20)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden alerts list --limit 5')
    .action(async (options: { open?: boolean; limit: number; json?: boolean }) => {
      const { limit } = options;
      const rows = await lookAt(program, ({ pool }) =>
        listAlerts(pool, { limit, ...(options.open ? { open: true } : {}) }),
      );
      if (options.json) return printJson({ alerts: rows.map(alertRecord) });
      const cells = rows.map((alert) => [
        alert.raisedAt.toISOString().slice(0, 16).replace('T', ' '),
        stateOf(alert),
        alert.severity,
        alert.kind,
        alert.title,
        deliveries(alert),
      ]);
      process.stdout.write(`${table(['raised', 'state', 'severity', 'kind', 'what', 'sent'], cells)}\n`);
    });
}

function stateOf({ resolvedAt, body }: Alert): 'open' | 'over' | 'no more news' | 'event' {
  if (body.once === true) return 'event';
  if (resolvedAt === null) return 'open';
  return body.facts?.ending === 'no more news' ? 'no more news' : 'over';
}

function deliveries({ delivered, body }: Alert): string {
  const told = Object.entries(delivered.channels ?? {}).map(([channel, { state }]) => `${channel}: ${state}`);
  if (told.length > 0) return told.join(', ');
  if (body.history === true) return 'nobody: history';
  return delivered.done === true ? 'no channel' : 'waits';
}

function alertRecord(alert: Alert) {
  const { body, raisedAt, resolvedAt, delivered } = alert;
  return {
    ...alertFacts(alert),
    state: stateOf(alert),
    facts: body.facts ?? {},
    times: body.times,
    raised_at: raisedAt.toISOString(),
    resolved_at: resolvedAt?.toISOString() ?? null,
    channels: delivered.channels ?? {},
  };
}

function registerTest(alerts: Command, program: Command): void {
  alerts
    .command('test [channel]')
    .description('Send a test alert through one channel, or through all, right away.')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nPast routes, grouping and quiet hours; no database is needed. Exit code 1 when a channel failed.\n\nExample:\n  routewarden alerts test noc',
    )
    .action(async (name: string | undefined, options: { json?: boolean }) => {
      const { alerts: wanted, dashboard } = settingsOf(program);
      const { channels } = wanted;
      const names = channels.map((channel) => channel.name);
      if (channels.length === 0) {
        throw new UsageError('no channel is set: write some under alerts.channels in the settings (docs/alerts.md)');
      }
      const chosen = channels.filter((channel) => name === undefined || channel.name === name);
      if (chosen.length === 0) throw new UsageError(`no channel is named "${name}": there are ${names.join(', ')}`);
      const hideSecrets = secretHider(channels, 'alerts.channels');
      const results = await Promise.all(
        chosen.map(async (settings) => {
          const channel = openChannel(settings, pageAddress(dashboard));
          try {
            await sendTestAlert(channel, new Date());
            return { channel: settings.name, type: settings.type, ok: true, error: null };
          } catch (error) {
            const message = hideSecrets(describeFault(error));
            return { channel: settings.name, type: settings.type, ok: false, error: message };
          } finally {
            await channel.close();
          }
        }),
      );
      for (const { channel, type, ok, error } of results) {
        say(`${channel} (${type}): ${ok ? 'sent' : `not sent: ${error}`}`);
      }
      if (options.json) printJson({ channels: results });
      if (results.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}
