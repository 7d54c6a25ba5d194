import type { Command } from 'commander';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { openRetrainQueue } from '../../queues/retrain.js';
import type { ModelKey } from '../models/model.js';
import { DriftMonitor, type DriftRound } from '../retraining/driftMonitor.js';
import { recentDriftReports } from '../storage/driftReports.js';
import { readKey } from './modelArguments.js';
import { printJson, table } from './output.js';
import { lookAt, requireQueues, withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('drift')
    .description('Check every model for drift now (each event hour once), and show the newest reports.')
    .argument('[model]', 'show reports of this model alone, such as lstm@rrc00')
    .option('--no-check', 'only show reports')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  routewarden drift\n  routewarden drift lstm@rrc00 --no-check --json')
    .action(async (model: string | undefined, options: { check: boolean; json?: boolean }) => {
      const key = model === undefined ? undefined : readKey(model);
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

async function reportsOf(pool: Pool, key: ModelKey | undefined, round: DriftRound | null) {
  return { round, reports: await recentDriftReports(pool, key, 20) };
}

function show(answer: Awaited<ReturnType<typeof reportsOf>>, json: boolean | undefined): void {
  if (json) {
    printJson(answer);
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
