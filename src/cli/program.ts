import { Command } from 'commander';
import { codeVersion } from '../config/codeVersion.js';

/** Every command with its module, in the order of the help. A module is loaded when its command is the one that is run. */
const GROUPS: Record<string, Record<string, () => Promise<{ register(program: Command): void }>>> = {
  Run: {
    demo: () => import('./demo.js'),
    drill: () => import('./drill.js'),
    start: () => import('./start.js'),
    stop: () => import('./stop.js'),
    reload: () => import('./reload.js'),
    run: () => import('./run.js'),
    init: () => import('./init.js'),
  },
  See: {
    status: () => import('./status.js'),
    doctor: () => import('./doctor.js'),
    models: () => import('./models.js'),
    incidents: () => import('./incidents.js'),
    watch: () => import('./watch.js'),
    alerts: () => import('./alerts.js'),
    config: () => import('./config.js'),
    completion: () => import('./completion.js'),
  },
  Act: {
    silences: () => import('./silences.js'),
    drift: () => import('./drift.js'),
    retrain: () => import('./retrain.js'),
    rollback: () => import('./rollback.js'),
    accept: () => import('./accept.js'),
    approvals: () => import('./approvals.js'),
    'test-retraining': () => import('./testRetraining.js'),
  },
  Data: {
    backfill: () => import('./backfill.js'),
    replay: () => import('./replay.js'),
    features: () => import('./features.js'),
    evaluate: () => import('./evaluate.js'),
    backup: () => import('./backup.js'),
    restore: () => import('./restore.js'),
    rewind: () => import('./rewind.js'),
  },
};

/**
 * The command line, not yet run.
 *
 * @param words what was typed; with them, only the command that they name is loaded
 */
export async function createProgram(words: readonly string[] = []): Promise<Command> {
  const program: Command = new Command('routewarden')
    .description('Finds hijacks, leaks, outages and storms in BGP updates, and keeps its models current by itself.')
    .version(codeVersion())
    .option('--config <file>', 'settings file (default: routewarden.config.json, if there is one)')
    .option('--data-directory <folder>', 'where the own PostgreSQL lives')
    // Of a subcommand the options of the command above it are none: filters of a list do not choose what is shown.
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
    })
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

  const wanted = commandNamed(words);
  for (const [group, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(group);
    for (const [name, load] of Object.entries(commands)) {
      if (wanted === null || wanted === name) (await load()).register(program);
    }
  }
  return program;
}

/** The command that a line runs; null when it takes all of them to answer: for the help, completion or a wrong name. */
function commandNamed(words: readonly string[]): string | null {
  let at = 0;
  while (words[at] === '--config' || words[at] === '--data-directory') at += 2;
  const name = words[at];
  // Any that is there answers for all.
  if (words.length === 1 && name === '--version') return 'stop';
  const there = Object.values(GROUPS).some((commands) => name !== undefined && Object.hasOwn(commands, name));
  return there && name !== 'completion' ? name! : null;
}
