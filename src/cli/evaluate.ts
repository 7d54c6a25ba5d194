import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { evaluate, type Quality, scoresCsv } from '../evaluation/evaluation.js';
import { type LabelledMinutes, readLabelledMinutes } from '../evaluation/labelledMinutes.js';
import { plotHtml } from '../evaluation/plot.js';
import { modelKinds } from '../models/kinds.js';
import { featureBlock, firstMinute, watermark } from '../storage/features.js';
import { listStreams } from '../storage/streams.js';
import { valueFault } from '../words/valueFault.js';
import { faultWords } from './faultWords.js';
import { say } from './output.js';
import { lookAt, settingsOf } from './store.js';

const optionsSchema = z.object({
  trainMinutes: z.coerce.number().int().min(240).optional(),
  seed: z
    .string()
    .regex(/^\d{1,15}$/, 'expected a whole number')
    .transform(Number),
  falseAlarms: z.coerce.number().positive().max(100),
  scores: z.string().optional(),
  plot: z.string().optional(),
  replayDb: z.union([z.literal(true), z.string().min(1)]).optional(),
  json: z.boolean().optional(),
});

const EXAMPLES = `
Examples:
  routewarden evaluate Slammer.csv
  routewarden evaluate Slammer.csv --json --scores scores.csv --plot scores.html
  routewarden evaluate week.csv --train-minutes 2880
  routewarden evaluate --replay-db rrc00 --plot rrc00.html

FILE.csv has 42 columns: hour+minute, hour, minute, second, the 37 features, and the label (1 anomalous, -1 or 0
regular). Commas, semicolons, tabs or blanks part them; a line of names at the top is passed over. Without the first four
columns each line is the next minute; without the last one, and in the database, there are no labels: alarms are counted
and what needs labels is null. Training ends one day before the first labelled minute (half way without labels).`;

/** Exit codes: 0 measured, 1 the file could not be read or holds too little, 2 wrong usage. */
export function register(program: Command): void {
  program
    .command('evaluate')
    .description('Train on the regular minutes before the first labelled one, walk the rest, and measure.')
    .argument('[file]', 'labelled feature rows, CSV')
    .option('--replay-db [stream]', 'the minutes of a stream in the database instead (none named: the only one)')
    .option('--train-minutes <n>', 'train on the first N minutes instead (at least 240)')
    .option('--seed <n>', 'seed of everything random', '1')
    .option('--false-alarms <n>', 'wanted false alarms a day of the verdicts; of each model, twice as many', '0.5')
    .option('--scores <file>', 'write minute, label, scores and verdict of every test minute as CSV')
    .option('--plot <file>', 'write a page with scores, thresholds, labels and verdicts over time')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (path: string | undefined, given: unknown, command: Command) => {
      const parsed = optionsSchema.safeParse(given, { error: valueFault });
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        command.error(`error: option ${issue.path.join('.')}: ${issue.message}`, { exitCode: 2 });
        return;
      }
      const options = parsed.data;
      if ((path === undefined) === (options.replayDb === undefined)) {
        command.error('error: name one of the two, a FILE.csv or --replay-db', { exitCode: 2 });
        return;
      }
      let file = path ?? `stream ${options.replayDb === true ? '' : options.replayDb}`.trim();
      try {
        const settings = settingsOf(program);
        let data: LabelledMinutes;
        if (path === undefined) {
          const stored = await storedMinutes(program, options.replayDb === true ? null : options.replayDb!);
          data = stored.data;
          file = `stream ${stored.stream}`;
        } else data = readLabelledMinutes(await readFile(path, 'utf8'));
        if (data.skipped > 0) say(`skipped ${data.skipped} lines that are not rows, such as: ${data.sample}`);
        const { evaluation, walked, labels, firstRow } = await evaluate(data, options.trainMinutes ?? null, {
          kinds: modelKinds({ lstmEngine: settings.lstmEngine, log: say }),
          seed: options.seed,
          falseAlarmsPerDay: options.falseAlarms,
          onProgress: say,
        });
        const minutes = data.block.minutes.subarray(firstRow);
        if (options.scores !== undefined) await writeFile(options.scores, scoresCsv(walked, labels, minutes));
        if (options.plot !== undefined) await writeFile(options.plot, plotHtml(file, walked, labels, minutes));
        if (options.json) process.stdout.write(`${JSON.stringify({ file, ...evaluation })}\n`);
        else process.stdout.write(table({ ...evaluation.models, ensemble: evaluation.ensemble }));
      } catch (error) {
        throw new Error(faultWords(error, file), { cause: error });
      }
    });
}

/** All stored minutes of a stream, without labels. */
async function storedMinutes(
  program: Command,
  asked: string | null,
): Promise<{ stream: string; data: LabelledMinutes }> {
  return lookAt(program, async ({ pool }) => {
    const streams = await listStreams(pool);
    const stream = asked ?? (streams.length === 1 ? streams[0]! : null);
    if (stream === null)
      throw new Error(`name one of the streams: --replay-db ${streams.join(' | ') || '(no stream yet)'}`);
    const first = await firstMinute(pool, stream);
    const last = await watermark(pool, stream);
    if (first === null || last === null) throw new Error('the database holds no minute of it');
    const block = await featureBlock(pool, stream, first, last + 1);
    const labels = new Uint8Array(block.minutes.length);
    return { stream, data: { block, labels, skipped: 0, sample: null } };
  });
}

function table(qualities: Record<string, Quality>): string {
  const columns = ['auc', 'best_f1', 'f1', 'precision', 'recall', 'latency_minutes', 'false_alarms_per_day'] as const;
  const number = (value: number | null): string => (value === null ? '-' : String(Math.round(value * 1000) / 1000));
  const lines = [
    ['model', ...columns],
    ...Object.entries(qualities).map(([n, q]) => [n, ...columns.map((c) => number(q[c]))]),
  ];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
