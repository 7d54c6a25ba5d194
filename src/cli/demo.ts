import { rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { runStory } from '../demo/story.js';
import { removeDirectory } from '../storage/database.js';
import { DirectoryLock } from '../storage/directoryLock.js';
import { freePort } from '../storage/freePort.js';
import { whole } from './numbers.js';
import { printJson, say } from './output.js';
import { mustHaveDirectory } from './store.js';
import { terminalLog } from './terminalLog.js';

/** All that the demo takes from outside: where it may work, and what with. No settings file, no channels, no watch list. */
const TAKEN = ['DATABASE_URL', 'REDIS_URL', 'LOG_LEVEL', 'LSTM_ENGINE', 'ROUTEWARDEN_DATA_DIRECTORY'];

function ownSettings(program: Command, flags: Record<string, unknown>): Settings {
  const environment = Object.fromEntries(TAKEN.map((name) => [name, process.env[name]]));
  const { dataDirectory } = program.opts<{ dataDirectory?: string }>();
  return loadSettings(environment, { file: null, flags: { dataDirectory, ...flags } }).settings;
}

/** The folder of the data, when the demo alone has used it. */
async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

export function register(program: Command): void {
  program
    .command('demo')
    .description('Watch the whole system at work on a simulated feed, faster than time; the same story each time.')
    .option('--exit', 'end when the story has been played, instead of staying up until Ctrl-C')
    .option('--json', 'print what was counted in the database as JSON')
    .option('--seed <number>', 'another seed makes another world', whole(0, 4_294_967_295), 1)
    .addOption(
      new Option('--port <number>', 'port of the page (0: any free one)')
        .argParser(whole(0, 65_535))
        .default(8787)
        .env('ROUTEWARDEN_DASHBOARD_PORT'),
    )
    .option('--logs', "show the services' logs too")
    .addHelpText(
      'after',
      '\nIt reads no settings file, sends no notices, and leaves nothing behind.\n\nExamples:\n  routewarden demo\n  routewarden demo --exit --json',
    )
    .action(async (options: { exit?: boolean; json?: boolean; seed: number; port: number; logs?: boolean }) => {
      const began = performance.now();
      const port = options.port === 0 ? await freePort() : options.port;
      const bare = ownSettings(program, {});
      mustHaveDirectory(bare);
      if (bare.databaseUrl !== undefined)
        say('The demo works in the database of DATABASE_URL, in a stream named demo.');
      const dataDirectory = join(bare.dataDirectory, 'demo');
      const settings = ownSettings(program, {
        dataDirectory,
        artifactDirectory: join(dataDirectory, 'artifacts'),
        'dashboard.port': port,
        'dashboard.live': false,
        'feed.clock': 'feed',
        'retraining.jitterSeconds': 0,
        driftCheckIntervalSeconds: 1,
        queuePrefix: 'routewarden-demo',
        seed: options.seed,
        streams: [{ name: 'demo' }],
      });
      // With a database of yours nothing else claims the directory, where the artifacts are.
      const claim = bare.databaseUrl === undefined ? null : await DirectoryLock.take(resolve(dataDirectory));
      const logger = terminalLog(options.logs ? settings.logLevel : 'error');
      const stopping = new AbortController();
      process.once('SIGINT', () => stopping.abort(new Error('stopped')));
      process.once('SIGTERM', () => stopping.abort(new Error('stopped')));
      const story = await runStory({
        settings,
        settingsFile: join(dataDirectory, 'demo.json'),
        logger,
        showLogs: options.logs === true,
        seed: options.seed,
        stay: options.exit !== true,
        say,
        signal: stopping.signal,
      })
        .catch((error: Error) => {
          // Who watches may have seen enough; who asked for the end has not got it.
          if (!stopping.signal.aborted || options.exit) throw error;
          return null;
        })
        .finally(async () => {
          claim?.release();
          await removeDirectory(dataDirectory);
          await removeIfEmpty(bare.dataDirectory);
        });
      if (story === null) return say('stopped before the story was over');
      const { complete, ...counts } = story;
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      if (options.json) printJson({ ...counts, seconds });
      if (options.exit && (counts.missed_minutes > 0 || !complete)) process.exitCode = 1;
    });
}
