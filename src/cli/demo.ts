import { join } from 'node:path';
import type { Command } from 'commander';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { runStory } from '../demo/story.js';
import { freePort } from '../storage/freePort.js';
import { printJson, say } from './output.js';
import { settingsOf } from './store.js';

export function register(program: Command): void {
  program
    .command('demo')
    .description('Watch the whole system at work on a simulated feed, faster than time; the same story each time.')
    .option('--exit', 'end when the story is over, instead of staying up until Ctrl-C')
    .option('--json', 'print what was counted in the database as JSON')
    .option('--seed <number>', 'another seed makes another world', '1')
    .option('--port <number>', 'port of the page (0: any free one)', '8787')
    .option('--logs', "show the services' logs too")
    .addHelpText('after', '\nExamples:\n  routewarden demo\n  routewarden demo --exit --json')
    .action(async (options: { exit?: boolean; json?: boolean; seed: string; port: string; logs?: boolean }) => {
      const began = performance.now();
      const port = options.port === '0' ? await freePort() : Number(options.port);
      const dataDirectory = join(settingsOf(program).dataDirectory, 'demo');
      const settings = settingsOf(program, {
        dataDirectory,
        'dashboard.port': port,
        'dashboard.live': false,
        'feed.clock': 'feed',
        'retraining.jitterSeconds': 0,
        driftCheckIntervalSeconds: 1,
        queuePrefix: 'routewarden-demo',
        seed: Number(options.seed),
        streams: [{ name: 'demo' }],
      });
      const color = process.stderr.isTTY === true;
      const logger = pino(
        { level: options.logs ? settings.logLevel : 'error', base: null },
        pretty({ colorize: color, destination: 2, sync: true, translateTime: 'HH:MM:ss' }),
      );
      const stopping = new AbortController();
      process.once('SIGINT', () => stopping.abort(new Error('stopped')));
      process.once('SIGTERM', () => stopping.abort(new Error('stopped')));
      const story = await runStory({
        settings,
        logger,
        showLogs: options.logs === true,
        seed: Number(options.seed),
        stay: options.exit !== true,
        say,
        signal: stopping.signal,
      }).catch((error: Error) => {
        // Who watches may have seen enough; who asked for the end has not got it.
        if (!stopping.signal.aborted || options.exit) throw error;
        return null;
      });
      if (story === null) return say('stopped before the story was over');
      const { complete, ...counts } = story;
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      if (options.json) printJson({ ...counts, seconds });
      if (options.exit && (counts.missed_minutes > 0 || !complete)) process.exitCode = 1;
    });
}
