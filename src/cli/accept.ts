import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { parseModelKey } from '../models/modelKey.js';
import { acceptHeld } from '../registry/registry.js';
import { takeOver } from '../registry/shadow.js';
import { notify } from '../storage/notifications.js';
import { listShadows, type Shadow } from '../storage/shadows.js';
import { readKey } from './modelArguments.js';
import { minuteText, printJson, say, UsageError } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('accept')
    .description(
      'Let a held version serve: one whose lineage has lost more sensitivity than its budget; or a shadow, at once.',
    )
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
      if (!/^\d+$/.test(number)) throw new UsageError(`"${number}" is no version number`);
      const { version, activeFrom } = await withStore(program, async ({ pool }) => {
        const [shadow] = await listShadows(pool, { key: modelKey });
        const accepted =
          shadow?.version === Number(number)
            ? await acceptShadow(pool, shadow, options.reason)
            : await acceptHeld({
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

async function acceptShadow(pool: Pool, shadow: Shadow, reason: string) {
  const taken = await takeOver(pool, shadow, { reason, actor: userInfo().username, detail: {} });
  if (taken.state !== 'published')
    throw new Error(
      `version ${shadow.version} cannot serve: ${taken.state === 'over' ? 'it has ended as a shadow' : taken.reason}`,
    );
  return taken;
}
