import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { parseModelKey } from '../models/modelKey.js';
import { acceptHeld } from '../registry/registry.js';
import { notify } from '../storage/notifications.js';
import { readKey } from './modelArguments.js';
import { minuteText, printJson, say, UsageError } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('accept')
    .description('Let a held version serve: one whose lineage has lost more sensitivity than its budget.')
    .argument('<model>', 'such as lstm@rrc00')
    .argument('<version>', 'its number, as `routewarden models` lists it')
    .option('--reason <text>', 'kept with the move', 'accepted by hand')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden accept lstm@rrc00 4\n  routewarden accept lstm@rrc00 4 --reason "a new peer since May"\n\nThe version begins a lineage of its own: later versions are measured against it.',
    )
    .action(async (model: string, number: string, options: { reason: string; json?: boolean }) => {
      const modelKey = readKey(model);
      if (!/^\d+$/.test(number)) throw new UsageError(`"${number}" is no version number`);
      const { version, activeFrom } = await withStore(program, async ({ pool }) => {
        const accepted = await acceptHeld({
          pool,
          modelKey,
          actor: userInfo().username,
          reason: options.reason,
          version: Number(number),
        });
        await notify(pool, 'activations', parseModelKey(modelKey).stream);
        return accepted;
      });
      if (options.json)
        printJson({ model: modelKey, version: version.version, lineage: version.lineage, active_from: activeFrom });
      else say(`${modelKey}: version ${version.version} serves from ${minuteText(activeFrom)} on`);
    });
}
