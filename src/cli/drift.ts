import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { openRetrainQueue } from '../../queues/retrain.js';
import { driftDetail } from '../dashboard/queries/driftReports.js';
import { driftReportPage } from '../dashboard/report/driftReportPage.js';
import type { ModelKey } from '../models/model.js';
import { DriftMonitor, type DriftRound } from '../retraining/driftMonitor.js';
import { recentDriftReports } from '../storage/driftReports.js';
import { listStreams } from '../storage/streams.js';
import { readKey, requireStream } from './modelArguments.js';
import { printJson, say, table, UsageError } from './output.js';
import { lookAt, requireQueues, withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('drift')
    .description('Check every model for drift now (each event hour once), and show the newest reports.')
    .argument('[model]', 'show reports of this model alone, such as lstm@rrc00')
    .option('--no-check', 'only show reports')
    .option('--json', 'as JSON')
    .option('--html <file>', 'write the newest report of the model as one page, to print or to send; checks nothing')
    .addHelpText(
      'after',
      `
Examples:
  routewarden drift
  routewarden drift lstm@rrc00 --no-check --json
  routewarden drift lstm@rrc00 --html drift.html`,
    )
    .action(async (model: string | undefined, options: { check: boolean; json?: boolean; html?: string }) => {
      const key = model === undefined ? undefined : readKey(model);
      if (options.html !== undefined) {
        if (key === undefined) throw new UsageError('--html needs a model, such as lstm@rrc00');
        return writeReport(program, key, options.html);
      }
      if (!options.check) return show(await lookAt(program, ({ pool }) => reportsOf(pool, key, null)), options.json);
      const answer = await withStore(program, async ({ pool, queues, settings }) => {
        await requireQueues(pool, settings);
        const monitor = new DriftMonitor({
          pool,
          queue: openRetrainQueue(queues),
          settings,
          logger: pino({ level: 'silent' }),
        });
        return reportsOf(pool, key, await monitor.check());
      });
      show(answer, options.json);
    });
}

async function writeReport(program: Command, key: ModelKey, file: string): Promise<void> {
  const detail = await lookAt(program, async ({ pool }) => {
    const [newest] = await recentDriftReports(pool, key, 1);
    return newest === undefined ? null : driftDetail(pool, newest.id);
  });
  if (detail === null)
    throw new Error(`there is no drift report of ${key} yet: the monitor checks every hour of the feed`);
  await writeFile(file, driftReportPage(detail, Date.now()));
  say(`wrote ${file}`);
}

async function reportsOf(pool: Pool, key: ModelKey | undefined, round: DriftRound | null) {
  if (key !== undefined) requireStream(key, await listStreams(pool));
  return { round, reports: await recentDriftReports(pool, key, 20) };
}

function show(answer: Awaited<ReturnType<typeof reportsOf>>, json: boolean | undefined): void {
  if (json) {
    printJson(answer);
    return;
  }
  if (answer.reports.length === 0) {
    say('no drift report yet: checks begin once a model serves');
    return;
  }
  const rows = answer.reports.map((report) => [
    new Date(report.windowEnd * 60_000).toISOString().slice(0, 16),
    report.modelKey,
    report.outcome,
    report.reason,
  ]);
  process.stdout.write(`${table(['window end', 'model', 'outcome', 'reason'], rows)}\n`);
}
