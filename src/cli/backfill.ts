import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { z } from 'zod';
import { type BackfillProgress, type BackfillSummary, backfill } from '../collection/backfill.js';
import type { StartTableRequest } from '../collection/startTable.js';
import { LATE_SCORING } from '../detection/lateStages.js';
import { MINUTES_PER_DAY } from '../features/row.js';
import { CORRELATOR } from '../incidents/lateCorrelation.js';
import { layoutOf } from '../sources/archive/layout.js';
import { StageLocks } from '../storage/stageLocks.js';
import { registerStream } from '../storage/streams.js';
import { valueFault } from '../words/valueFault.js';
import { age, printJson, say, UsageError } from './output.js';
import { fillStore } from './store.js';
import { terminalLog } from './terminalLog.js';

/** Archives publish a file some minutes after its end. */
const ARCHIVE_DELAY_MINUTES = 15;

/** A longer wait for another reader of the archive is explained. */
const SILENT_WAIT_MILLISECONDS = 1_000;

const time = z.iso
  .datetime({ offset: true, error: 'expected a time such as 2026-01-08T00:00:00Z' })
  .transform((text) => Math.floor(Date.parse(text) / 60_000));

const optionsSchema = z.object({
  stream: z.string(),
  collector: z.string().optional(),
  days: z.coerce.number().positive().max(3_660),
  from: time.optional(),
  until: time.optional(),
  baseUrl: z.url({ protocol: /^https?$/, error: 'expected http(s)://...' }).optional(),
  parallel: z.coerce.number().int().min(1).max(32),
  threads: z.coerce.number().int().min(1).max(64),
  keep: z.boolean().default(false),
  table: z.boolean().default(true),
  json: z.boolean().default(false),
});

const EXAMPLES = `
Examples:
  routewarden backfill --stream rrc00 --days 7
  routewarden backfill --stream jinx --collector route-views.jinx --days 7
  routewarden backfill --stream rrc00 --from 2026-01-01T00:00:00Z --until 2026-01-02T00:00:00Z --json
  routewarden backfill --stream rrc00 --base-url http://mirror.example/ris

Routes are learnt from the collector's newest table dump before the first minute (every 8 hours of RIPE RIS, 2 of Route Views)
and the updates since; \`--no-table\` reads the hour before instead.

Only minutes that the stream lacks, or that are gaps, are written: run it again to go on after an interruption, or for
files that the archive did not have yet. With the services running, the first models are trained at the next drift check
once the stream has its ${'`retraining.trainingDays`'}.

Exit codes: 0 done, 1 failed or nothing could be read, 2 wrong usage.`;

/** Shows progress on standard error: a bar on a terminal, else a line now and then. */
class ProgressDisplay {
  #bar: SingleBar | null = null;
  #told = 0;
  #tableTold = 0;

  show(progress: BackfillProgress): void {
    const rate = `${(progress.bytesPerSecond / 1e6).toFixed(1)} MB/s`;
    const left = progress.remainingSeconds === null ? '-' : age(progress.remainingSeconds);
    if (process.stderr.isTTY) {
      if (this.#bar === null) {
        this.#bar = new SingleBar({
          format: 'files {value}/{total} |{bar}| {rate}, {left} left',
          stream: process.stderr,
          clearOnComplete: true,
        });
        this.#bar.start(progress.files, 0, { rate, left });
      }
      this.#bar.update(progress.filesDone, { rate, left });
      return;
    }
    const tenth = Math.floor((10 * progress.filesDone) / progress.files);
    if (tenth === this.#told) return;
    this.#told = tenth;
    say(`${progress.filesDone} of ${progress.files} files, ${rate}, ${left} left`);
  }

  /** How far the table is, that the routes are learnt from. */
  table({ file, download, entries }: Parameters<NonNullable<StartTableRequest['onProgress']>>[0]): void {
    const memory = `${Math.round(process.memoryUsage.rss() / 1e6)} MB of memory`;
    const megabytes = Math.floor((download?.bytes ?? 0) / 1e6);
    const text = download === null ? `${entries} routes, ${memory}` : `${megabytes} MB`;
    if (process.stderr.isTTY) process.stderr.write(`\r${file}: ${text}  `);
    else if (Math.floor(Math.max(entries / 1e6, megabytes / 50)) > this.#tableTold) {
      this.#tableTold++;
      say(`${file}: ${text}`);
    }
  }

  stop(): void {
    this.#bar?.stop();
  }
}

function inWords(summary: BackfillSummary): string {
  const { stream, lacking, written, files, updates, missing, failed, damaged, seconds } = summary;
  if (lacking === 0) return `${stream} has every one of these minutes: nothing to do`;
  const without = missing + failed + damaged;
  const tables = summary.tables.map(
    ({ file, entries, reason }) =>
      ` after ${entries} routes of ${file}${reason === null ? '' : ` (not whole: ${reason})`}`,
  );
  return (
    `${stream}: ${written} of ${lacking} lacking minutes written from ${files - without} files ` +
    `(${updates} updates) in ${age(seconds)}${tables.join('')}${without > 0 ? `; ${without} files gave nothing, such as ${summary.trouble[0]?.file}: ${summary.trouble[0]?.reason}` : ''}`
  );
}

export function register(program: Command): void {
  program
    .command('backfill')
    .description('Write the minutes that a stream lacks from the archive of its collector.')
    .requiredOption('--stream <name>', 'required: the stream to write to')
    .option('--collector <name>', 'RIS or Route Views collector (default: the host of the stream, or its name)')
    .option('--days <n>', 'days before the end', '7')
    .option('--from <time>', 'first minute, instead of --days')
    .option('--until <time>', `end (default: ${ARCHIVE_DELAY_MINUTES} minutes ago)`)
    .option(
      '--base-url <url>',
      'a mirror with the same layout (default: the setting archive.url, or the archive itself)',
    )
    .option('--parallel <n>', 'downloads at once', '4')
    .option('--threads <n>', 'files decoded at once', String(Math.max(1, Math.min(4, availableParallelism() - 1))))
    .option('--no-table', 'learn routes from the updates of the hour before, not from a table dump')
    .option('--keep', 'keep the downloaded files in the data directory')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (given: unknown) => {
      const parsed = optionsSchema.safeParse(given, { error: valueFault });
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        throw new UsageError(`option ${issue.path.join('.')}: ${issue.message}`);
      }
      const options = parsed.data;
      await fillStore(program, async ({ settings, pool, databaseUrl }) => {
        const stream = settings.streams.find(({ name }) => name === options.stream);
        const collector = options.collector ?? stream?.host ?? options.stream;
        const baseUrl = options.baseUrl ?? settings.archive.url;
        const latest = Math.floor(Date.now() / 60_000) - ARCHIVE_DELAY_MINUTES;
        const { fileMinutes } = layoutFor(collector, baseUrl);
        const until = options.until ?? Math.floor(latest / fileMinutes) * fileMinutes;
        const from = options.from ?? until - Math.round(options.days * MINUTES_PER_DAY);
        if (from >= until) throw new UsageError('--from must be before --until');
        if (stream === undefined)
          say(`no stream ${options.stream} in the settings: its rows are written, no service reads them`);
        await registerStream(pool, options.stream, { host: collector });
        const ending = new AbortController();
        const interrupted = () => ending.abort(new Error('interrupted: run it again to go on'));
        process.once('SIGINT', interrupted);
        process.once('SIGTERM', interrupted);
        const locks = new StageLocks(databaseUrl, 'backfill');
        const display = new ProgressDisplay();
        try {
          const waiting = setTimeout(async () => {
            const holder = await locks.holder('archive', options.stream).catch(() => null);
            const who = holder ?? 'another backfill or the healing of gaps';
            say(`waiting for ${who}: it reads the archive for stream ${options.stream}`);
          }, SILENT_WAIT_MILLISECONDS);
          await locks
            .take('archive', options.stream, (error) => ending.abort(error), ending.signal)
            .finally(() => clearTimeout(waiting));
          const summary = await backfill({
            pool,
            stream: options.stream,
            collector,
            baseUrl,
            from,
            until,
            directory: join(resolve(settings.dataDirectory), 'archive'),
            keep: options.keep,
            bounds: { maximumRoutes: settings.features.routes, maximumPeers: settings.features.peers },
            table: options.table && settings.archive.table,
            onTable: (progress) => display.table(progress),
            parallel: options.parallel,
            threads: options.threads,
            graceSeconds: settings.feed.graceSeconds,
            lateStages: [...LATE_SCORING, CORRELATOR],
            logger: terminalLog('warn'),
            random: Math.random,
            signal: ending.signal,
            onProgress: (progress) => display.show(progress),
          });
          display.stop();
          const times = { from: new Date(from * 60_000), until: new Date(until * 60_000) };
          if (options.json) printJson({ ...summary, collector, ...times });
          else process.stdout.write(`${inWords(summary)}\n`);
          if (summary.lacking > 0 && summary.downloaded + summary.present === 0) {
            say(`nothing was readable: ${summary.trouble[0]?.reason ?? 'no files'}`);
            process.exitCode = 1;
          }
        } finally {
          display.stop();
          process.off('SIGINT', interrupted);
          process.off('SIGTERM', interrupted);
          await locks.close().catch((error: Error) => say(error.message));
        }
      });
    });
}

function layoutFor(collector: string, baseUrl: string | undefined) {
  try {
    return layoutOf(collector, baseUrl);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; say --collector`);
  }
}
