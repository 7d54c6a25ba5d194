import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { openRetrainQueue } from '../../queues/retrain.js';
import { modelActs } from '../acts/models.js';
import type { ModelKey } from '../models/model.js';
import { type ComparedVersion, comparedVersion } from '../registry/comparison.js';
import { prune } from '../registry/pruning.js';
import { compare, show } from '../registry/registry.js';
import type { ModelVersion } from '../storage/modelVersions.js';
import { comparisonRows } from './comparisonRows.js';
import { readKey, readNumber } from './modelArguments.js';
import { minuteText, printJson, say, table } from './output.js';
import { lookAt, withStore } from './store.js';

/** What can be done with single versions: show, compare, pin, unpin, prune. */
export function registerVersions(models: Command, program: Command): void {
  registerShow(models, program);
  registerCompare(models, program);
  registerPin(models, program, true);
  registerPin(models, program, false);
  registerPrune(models, program);
}

function registerShow(models: Command, program: Command): void {
  models
    .command('show')
    .description(
      'Everything about one version: its data, seed, parent, what the gate measured, its files with SHA-256.',
    )
    .argument('<model>', 'such as lstm@rrc00')
    .argument('<version>', 'its number')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden models show lstm@rrc00 3')
    .action(async (model: string, number: string, _options: object, command: Command) => {
      // --json may have been read by the command above this one.
      const options = command.optsWithGlobals<{ json?: boolean }>();
      const [key, version] = [readKey(model), readNumber(number)];
      const found = await lookAt(program, ({ pool }) => show(pool, key, version));
      if (options.json) return printJson(found);
      process.stdout.write(
        `${table(
          ['field', 'value'],
          Object.entries(found).map(([name, value]) => [name, cell(name, value)]),
        )}\n`,
      );
    });
}

function registerCompare(models: Command, program: Command): void {
  models
    .command('compare')
    .description('Two versions of a model side by side: data, threshold, exam by class, loss, parameters, drift since.')
    .argument('<model>', 'such as lstm@rrc00')
    .argument('<left>', 'number of the one version')
    .argument('<right>', 'number of the other')
    .option('--json', 'as JSON: both sides, and every stored field in which they differ')
    .addHelpText(
      'after',
      '\n"*" marks what differs.\n\nExamples:\n  routewarden models compare lstm@rrc00 2 3\n  routewarden models compare lstm@rrc00 2 3 --json',
    )
    .action(async (model: string, left: string, right: string, _options: object, command: Command) => {
      // --json may have been read by the command above this one.
      const options = command.optsWithGlobals<{ json?: boolean }>();
      const key = readKey(model);
      const [a, b] = [readNumber(left), readNumber(right)];
      const { sides, differences } = await lookAt(program, async ({ pool }) => ({
        sides: [await comparedVersion(pool, key, a), await comparedVersion(pool, key, b)] as const,
        differences: await compare(pool, key, a, b),
      }));
      if (options.json) return printJson({ model: key, left: a, right: b, sides: sides.map(dated), differences });
      process.stdout.write(`${table(['', 'what', `version ${a}`, `version ${b}`], comparisonRows(sides))}\n`);
    });
}

/** Times as dates, which JSON writes as ISO 8601. */
function dated(side: ComparedVersion): object {
  const [dataFrom, dataUntil, createdAt] = [side.dataFrom, side.dataUntil, side.createdAt].map((at) => new Date(at));
  return { ...side, dataFrom, dataUntil, createdAt };
}

function registerPin(models: Command, program: Command, pinned: boolean): void {
  const name = pinned ? 'pin' : 'unpin';
  models
    .command(name)
    .description(
      pinned
        ? 'Nothing is published over a pinned version while it serves, and it is never pruned.'
        : 'Take a pin away.',
    )
    .argument('<model>', 'such as lstm@rrc00')
    .argument('<version>', 'its number')
    .option('--reason <text>', 'kept in the audit', 'by hand')
    .option('--json', 'as JSON')
    .addHelpText('after', `\nExample:\n  routewarden models ${name} lstm@rrc00 3`)
    .action(async (model: string, number: string, _options: object, command: Command) => {
      // --json may have been read by the command above this one.
      const options = command.optsWithGlobals<{ reason: string; json?: boolean }>();
      const [modelKey, version] = [readKey(model), readNumber(number)];
      await withStore(program, ({ pool, queues, settings }) =>
        modelActs({ pool, queue: openRetrainQueue(queues), settings: settings.retraining }).pin(
          modelKey,
          version,
          pinned,
          { actor: userInfo().username, reason: options.reason },
        ),
      );
      if (options.json) printJson({ model: modelKey, version, pinned });
      else say(`${modelKey}: version ${version} is ${pinned ? 'pinned' : 'no longer pinned'}`);
    });
}

function registerPrune(models: Command, program: Command): void {
  models
    .command('prune')
    .description('Delete the files of old versions, as the running system does by itself; their rows stay.')
    .argument('[model]', 'such as lstm@rrc00; all without it')
    .option('--keep <number>', 'newest versions of each model that stay; default: the setting retraining.keepVersions')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nNever deleted: the version that serves, the one before it, pinned ones, and those that wait (held, shadow).\n\nExamples:\n  routewarden models prune\n  routewarden models prune lstm@rrc00 --keep 3',
    )
    .action(async (model: string | undefined, _options: object, command: Command) => {
      // --json may have been read by the command above this one.
      const options = command.optsWithGlobals<{ keep?: string; json?: boolean }>();
      const key = model === undefined ? undefined : readKey(model);
      const asked = options.keep === undefined ? undefined : readNumber(options.keep);
      const gone = await withStore(program, ({ pool, settings }) =>
        prune({
          pool,
          root: settings.artifactDirectory,
          keep: asked ?? settings.retraining.keepVersions,
          ...(key === undefined ? {} : { key }),
        }),
      );
      if (options.json) printJson({ pruned: gone.map(({ modelKey, version }) => ({ model: modelKey, version })) });
      else say(gone.length === 0 ? 'nothing to prune' : `pruned ${words(gone)}`);
    });
}

function words(gone: readonly ModelVersion[]): string {
  const byModel = new Map<ModelKey, number[]>();
  for (const { modelKey, version } of gone) byModel.set(modelKey, [...(byModel.get(modelKey) ?? []), version]);
  return [...byModel].map(([key, versions]) => `${key} ${versions.join(', ')}`).join('; ');
}

/** Minutes and dates as people read them, structures as JSON. */
function cell(field: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if ((field === 'dataFrom' || field === 'dataUntil') && typeof value === 'number') return minuteText(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
