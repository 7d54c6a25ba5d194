import { Command } from 'commander';
import { codeVersion } from '../config/codeVersion.js';
import { register as accept } from './accept.js';
import { register as alerts } from './alerts.js';
import { register as approvals } from './approvals.js';
import { register as backfill } from './backfill.js';
import { register as backup } from './backup.js';
import { register as completion } from './completion.js';
import { register as config } from './config.js';
import { register as demo } from './demo.js';
import { register as doctor } from './doctor.js';
import { register as drift } from './drift.js';
import { register as evaluate } from './evaluate.js';
import { register as features } from './features.js';
import { register as incidents } from './incidents.js';
import { register as models } from './models.js';
import { register as reload } from './reload.js';
import { register as replay } from './replay.js';
import { register as restore } from './restore.js';
import { register as retrain } from './retrain.js';
import { register as rollback } from './rollback.js';
import { register as run } from './run.js';
import { register as start } from './start.js';
import { register as status } from './status.js';
import { register as stop } from './stop.js';
import { register as testRetraining } from './testRetraining.js';

/** The whole command line, not yet run. */
export function createProgram(): Command {
  const program = new Command('routewarden')
    .description('Finds hijacks, leaks, outages and storms in BGP updates, and keeps its models current by itself.')
    .version(codeVersion())
    .option('--config <file>', 'settings file (default: routewarden.config.json, if there is one)')
    .option('--data-directory <folder>', 'where the own PostgreSQL lives')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(routewarden --help shows the commands, routewarden COMMAND --help one of them)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  routewarden demo                         the whole system on a simulated feed, with the page up
  routewarden start                        the same on the live RIS Live feed
  routewarden status                       services, streams, models and their last drift checks
  routewarden retrain lstm@rrc00           retrain one model now and wait for it
  routewarden evaluate Slammer.csv --json  test the models on labelled minutes

Exit codes: 0 done, 1 failed, 2 wrong usage or settings.`,
    );

  program.commandsGroup('Run');
  for (const register of [demo, start, stop, reload, run]) register(program);
  program.commandsGroup('See');
  for (const register of [status, doctor, models, incidents, alerts, config, completion]) register(program);
  program.commandsGroup('Act');
  for (const register of [drift, retrain, approvals, rollback, accept, testRetraining]) register(program);
  program.commandsGroup('Data');
  for (const register of [backfill, replay, features, evaluate, backup, restore]) register(program);
  return program;
}
