import type { Command } from 'commander';
import { type RetrainEvent, recentRetrains } from '../storage/retrainRuns.js';
import { readKey } from './modelArguments.js';
import { whole } from './numbers.js';
import { minuteText, printJson, say, table } from './output.js';
import { lookAt } from './store.js';

const MOST = 10_000;

export function registerRuns(models: Command, program: Command): void {
  models
    .command('runs')
    .description(
      'The lives of retrainings, newest first: each state with its time, trigger, samples, range, seed and reasons.',
    )
    .argument('[model]', 'such as lstm@rrc00; all without it')
    .option('--limit <number>', 'at most this many states', whole(1, MOST), 30)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden models runs\n  routewarden models runs lstm@rrc00 --limit 100 --json',
    )
    .action(async (model: string | undefined, _options: object, command: Command) => {
      // --json may have been read by the command above this one.
      const options = command.optsWithGlobals<{ limit: number; json?: boolean }>();
      const key = model === undefined ? undefined : readKey(model);
      const { limit } = options;
      const events = await lookAt(program, ({ pool }) => recentRetrains(pool, key, limit));
      if (options.json) return printJson({ runs: events });
      if (events.length === 0) return say('no retraining yet');
      const rows = events.map((event) => [
        event.at.toISOString().slice(0, 19).replace('T', ' '),
        event.modelKey,
        event.state,
        typeof event.detail.seconds === 'number' ? `${event.detail.seconds.toFixed(1)} s` : null,
        triggerOf(event),
        wordsOf(event),
      ]);
      process.stdout.write(`${table(['at', 'model', 'state', 'since begin', 'trigger', 'detail'], rows)}\n`);
    });
}

function triggerOf({ detail }: RetrainEvent): string | null {
  const trigger = detail.trigger as { kind?: string; reportId?: number; actor?: string } | undefined;
  if (trigger?.kind === 'drift') return `drift report ${trigger.reportId}`;
  return trigger?.kind === 'manual' ? `by ${trigger.actor}` : (trigger?.kind ?? null);
}

function wordsOf({ detail }: RetrainEvent): string {
  const words: string[] = [];
  if (typeof detail.version === 'number') words.push(`version ${detail.version}`);
  if (typeof detail.samples === 'number') words.push(`${detail.samples} minutes`);
  if (typeof detail.dataFrom === 'number' && typeof detail.dataUntil === 'number')
    words.push(`${minuteText(detail.dataFrom)} to ${minuteText(detail.dataUntil)}`);
  if (typeof detail.seed === 'number') words.push(`seed ${detail.seed}`);
  if (Array.isArray(detail.reasons)) words.push(...detail.reasons.map(String));
  if (typeof detail.error === 'string') words.push(detail.error);
  return words.join('; ');
}
