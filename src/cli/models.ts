import type { Command } from 'commander';
import { type ListedVersion, list } from '../registry/registry.js';
import { provisional } from '../retraining/growth.js';
import { readKey } from './modelArguments.js';
import { registerRuns } from './modelRuns.js';
import { registerVersions } from './modelVersions.js';
import { minuteText, printJson, say, table } from './output.js';
import { lookAt } from './store.js';

export function register(program: Command): void {
  const models = program
    .command('models')
    .description('List the versions of all models, or of one; look at single versions, pin and prune them.')
    .argument('[model]', 'such as lstm@rrc00')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden models\n  routewarden models isolation_forest@rrc00 --json\n  routewarden models show lstm@rrc00 3\n  routewarden models compare lstm@rrc00 2 3\n  routewarden models runs lstm@rrc00\n  routewarden models pin lstm@rrc00 3\n  routewarden models prune',
    )
    .action(async (model: string | undefined, options: { json?: boolean }) => {
      const key = model === undefined ? undefined : readKey(model);
      const versions = await lookAt(program, ({ pool }) => list(pool, key));
      if (options.json) return printJson({ versions });
      if (versions.length === 0) return say('no version yet: the first are trained when the first window is whole');
      const rows = versions.map((version) => [
        version.modelKey,
        version.version,
        stateText(version),
        version.pinned ? 'pinned' : '',
        minuteText(version.dataFrom),
        minuteText(version.dataUntil),
        version.samples,
        version.createdAt.toISOString().slice(0, 19).replace('T', ' '),
      ]);
      process.stdout.write(
        `${table(['model', 'version', 'state', 'pinned', 'data from', 'data until', 'samples', 'created'], rows)}\n`,
      );
    });
  registerVersions(models, program);
  registerRuns(models, program);
}

/** A version that has seen little of a new normal says how much. */
function stateText({ active, state, metrics }: ListedVersion): string {
  if (!active) return state;
  const seen = provisional(metrics);
  return seen === null ? 'active' : `active, provisional: ${Math.floor(seen.minutes / 60)} h of a new normal`;
}
