import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { codeVersion } from '../config/codeVersion.js';
import { modelKinds } from '../models/kinds.js';
import { rehearse } from '../rehearsal/rehearsal.js';
import { whole } from './numbers.js';
import { printJson, say, table } from './output.js';
import { withDatabase } from './store.js';

const MARK = new Map<boolean | null, string>([
  [true, 'pass'],
  [false, 'FAIL'],
  [null, 'not reached'],
]);

export function register(program: Command): void {
  program
    .command('test-retraining')
    .description(
      'Try all three retrainers on the data in the database: training, validation, backup, hot swap, rollback.',
    )
    .option('--stream <name>', 'whose minutes; default: the first of the settings')
    .option('--seed <number>', 'of the trainings', whole(0, 999_999_999), 1)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Works in tables and a folder of its own, beside the running system, which sees nothing of it; all of it is deleted at the
end. Exit code 1 when a part fails.

Examples:
  routewarden test-retraining
  routewarden test-retraining --stream rrc00 --json`,
    )
    .action(async (options: { stream?: string; seed: number; json?: boolean }) => {
      const stopping = new AbortController();
      const interrupted = () => stopping.abort(new Error('stopped; nothing is left behind'));
      process.once('SIGINT', interrupted);
      process.once('SIGTERM', interrupted);
      const bar = new SingleBar({
        format: '{kind} [{bar}] {percentage}% {message}',
        stream: process.stderr,
        noTTYOutput: false,
      });
      try {
        const report = await withDatabase(program, ({ pool, databaseUrl, settings }) => {
          const stream = options.stream ?? settings.streams[0]!.name;
          bar.start(100, 0, { kind: '', message: 'reading' });
          return rehearse({
            pool,
            databaseUrl,
            stream,
            kinds: modelKinds({ lstmEngine: settings.lstmEngine }),
            settings: settings.retraining,
            incidentPatienceMinutes: settings.drift.patienceMinutes,
            codeVersion: codeVersion(),
            seed: options.seed,
            onProgress: (kind, fraction, message) => bar.update(Math.round(100 * fraction), { kind, message }),
            onError: (error) => say(`connection problem: ${error.message}`),
            signal: stopping.signal,
          }).finally(() => bar.stop());
        });
        if (!report.passed) process.exitCode = 1;
        if (options.json)
          return printJson({ ...report, from: new Date(report.from * 60_000), until: new Date(report.until * 60_000) });
        const rows = report.models.flatMap(({ kind, parts }) =>
          parts.map(({ part, passed, words, seconds }) => [kind, part, MARK.get(passed)!, `${seconds} s`, words]),
        );
        process.stdout.write(`${table(['model', 'part', 'outcome', 'took', 'what was seen'], rows)}\n`);
      } finally {
        process.off('SIGINT', interrupted);
        process.off('SIGTERM', interrupted);
      }
    });
}
