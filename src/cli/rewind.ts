import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { rewindStream } from '../storage/rewindStream.js';
import { printJson, say } from './output.js';
import { withDatabase } from './store.js';

const MINUTE = 60_000;

function moment(text: string): Date {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('expected a time, such as 2026-01-31T12:00:00Z');
  return new Date(Math.floor(time / MINUTE) * MINUTE);
}

export function register(program: Command): void {
  program
    .command('rewind')
    .description('Take back what a stream holds of the future, or from a moment on, after a clock was wrong.')
    .argument('<stream>', 'which one')
    .option('--to <time>', 'first moment that goes, ISO 8601 (default: now)', moment)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Minutes, scores, verdicts, incidents, gaps and drift checks from that moment on go, and versions that would serve from
later serve from then on. The stream's log begins anew, and routes are learnt again as at a start. The system must be
stopped; make a backup first. What went stays in the audit as numbers.

Examples:
  routewarden rewind rrc00
  routewarden rewind rrc00 --to 2026-01-31T12:00:00Z --json`,
    )
    .action(async (stream: string, options: { to?: Date; json?: boolean }) => {
      const to = options.to ?? moment(new Date().toISOString());
      const rewound = await withDatabase(program, ({ pool }) => rewindStream(pool, stream, to, userInfo().username));
      if (options.json) return printJson({ stream, to, ...rewound });
      const gone = Object.entries(rewound.rows).map(([table, count]) => `${count} of ${table}`);
      say(`${stream} goes on at ${to.toISOString()}: ${gone.join(', ') || 'nothing'} went`);
      if (rewound.trainedLater.length > 0)
        say(`trained with later minutes, to be rolled back or retrained: ${rewound.trainedLater.join(', ')}`);
    });
}
