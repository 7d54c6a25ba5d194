import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { openRetrainQueue } from '../../queues/retrain.js';
import { modelActs } from '../acts/models.js';
import { readKey } from './modelArguments.js';
import { minuteText, printJson, say, UsageError } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('accept')
    .description('Let a version serve that the gate held or rejected; or a shadow, at once.')
    .argument('<model>', 'such as lstm@rrc00')
    .argument('<version>', 'its number, as `routewarden models` lists it')
    .option('--reason <text>', 'kept with the move', 'accepted by hand')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden accept lstm@rrc00 4\n  routewarden accept lstm@rrc00 4 --reason "a new peer since May"\n\nThe version begins a lineage of its own: later versions are measured against it. A shadow stays in the lineage of the version that serves.',
    )
    .action(async (model: string, number: string, options: { reason: string; json?: boolean }) => {
      const modelKey = readKey(model);
      if (!/^\d+$/.test(number)) throw new UsageError(`"${number}" is not a version number`);
      const { version, activeFrom } = await withStore(program, ({ pool, queues, settings }) =>
        modelActs({ pool, queue: openRetrainQueue(queues), settings: settings.retraining }).accept(
          modelKey,
          Number(number),
          { actor: userInfo().username, reason: options.reason },
        ),
      );
      if (options.json)
        printJson({ model: modelKey, version: version.version, lineage: version.lineage, active_from: activeFrom });
      else say(`${modelKey}: version ${version.version} serves from ${minuteText(activeFrom)} on`);
    });
}
