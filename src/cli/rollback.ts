import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { openRetrainQueue } from '../../queues/retrain.js';
import { modelActs } from '../acts/models.js';
import { readKey } from './modelArguments.js';
import { minuteText, printJson, say, UsageError } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('rollback')
    .description('Let an older version serve again: the one before, or the one named.')
    .argument('<model>', 'such as lstm@rrc00')
    .argument('[version]', 'its number, as `routewarden models` lists it')
    .option('--reason <text>', 'kept with the move', 'rolled back by hand')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden rollback lstm@rrc00\n  routewarden rollback lstm@rrc00 3 --reason "too many false alarms"',
    )
    .action(async (model: string, version: string | undefined, options: { reason: string; json?: boolean }) => {
      const modelKey = readKey(model);
      if (version !== undefined && !/^\d+$/.test(version)) throw new UsageError(`"${version}" is not a version number`);
      const moved = await withStore(program, ({ pool, queues, settings }) =>
        modelActs({ pool, queue: openRetrainQueue(queues), settings: settings.retraining }).rollback(
          modelKey,
          version === undefined ? undefined : Number(version),
          { actor: userInfo().username, reason: options.reason },
        ),
      );
      if (options.json)
        printJson({ model: modelKey, from: moved.from, to: moved.to.version, active_from: moved.activeFrom });
      else
        say(
          `${modelKey}: version ${moved.to.version} serves from ${minuteText(moved.activeFrom)} on (before: ${moved.from})`,
        );
    });
}
