import type { Command } from 'commander';
import { parseModelKey } from '../models/modelKey.js';
import { currentActivation } from '../storage/activations.js';
import { listVersions } from '../storage/modelVersions.js';
import { minuteText, printJson, table, UsageError } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('models')
    .description('List the versions of all models, or of one.')
    .argument('[model]', 'such as lstm@rrc00')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  routewarden models\n  routewarden models isolation_forest@rrc00 --json')
    .action(async (model: string | undefined, options: { json?: boolean }) => {
      const key = model === undefined ? undefined : readKey(model);
      const versions = await withStore(program, async ({ pool }) => {
        const listed = await listVersions(pool, key);
        const active = new Set<number>();
        for (const each of new Set(listed.map(({ modelKey }) => modelKey))) {
          const activation = await currentActivation(pool, each);
          if (activation !== null) active.add(activation.versionId);
        }
        return listed.map((version) => ({ ...version, active: active.has(version.id) }));
      });
      if (options.json) return printJson({ versions });
      const rows = versions.map((version) => [
        version.modelKey,
        version.version,
        version.active ? 'active' : version.state,
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
}

export function readKey(text: string) {
  try {
    const { kind, stream } = parseModelKey(text);
    return `${kind}@${stream}` as const;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
