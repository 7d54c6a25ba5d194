import type { Command } from 'commander';
import { listIncidents } from '../storage/incidents.js';
import { minuteText, printJson, say, table } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('incidents')
    .description('List incidents, newest first.')
    .option('--limit <number>', 'at most so many', '20')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden incidents --limit 5\n  routewarden incidents --json\n\nThe page has each at /incidents/ID.',
    )
    .action(async (options: { limit: string; json?: boolean }) => {
      const incidents = await withStore(program, ({ pool }) => listIncidents(pool, { limit: Number(options.limit) }));
      if (options.json) return printJson({ incidents });
      if (incidents.length === 0) return say('no incident yet');
      const rows = incidents.map((incident) => [
        incident.id,
        incident.stream,
        minuteText(incident.startedAt),
        incident.endedAt === null ? 'goes on' : `${incident.endedAt - incident.startedAt} min`,
        incident.severity,
        incident.class,
        incident.subject || '-',
        incident.models.join('+'),
        incident.reasons[0]?.words ?? '',
      ]);
      process.stdout.write(
        `${table(['id', 'stream', 'start', 'length', 'severity', 'class', 'network', 'seen by', 'why'], rows)}\n`,
      );
    });
}
