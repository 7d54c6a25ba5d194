import type { Command } from 'commander';
import { listIncidents } from '../storage/incidents.js';
import { minuteText, printJson, table } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('incidents')
    .description('List incidents, newest first.')
    .option('--limit <number>', 'at most so many', '20')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden incidents --limit 5')
    .action(async (options: { limit: string; json?: boolean }) => {
      const incidents = await withStore(program, ({ pool }) => listIncidents(pool, { limit: Number(options.limit) }));
      if (options.json) return printJson({ incidents });
      const rows = incidents.map((incident) => [
        incident.stream,
        minuteText(incident.startedAt),
        incident.endedAt === null ? 'goes on' : `${incident.endedAt - incident.startedAt} min`,
        incident.severity,
        incident.class,
        incident.models.join('+'),
        incident.reasons[0]?.words ?? '',
      ]);
      process.stdout.write(`${table(['stream', 'start', 'length', 'severity', 'class', 'seen by', 'why'], rows)}\n`);
    });
}
