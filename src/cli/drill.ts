import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Drill, type DrillOptions, TooFarBack } from '../demo/drill.js';
import { whole } from './numbers.js';
import { say, UsageError } from './output.js';
import { terminalLog } from './terminalLog.js';

const FOLDER = '.drill';

export function register(program: Command): void {
  program
    .command('drill')
    .description(
      'A simulated feed at the pace of the clock, in which a network is hijacked: to try your own set-up on.',
    )
    .option('--after <minutes>', 'minutes until the hijack', whole(1, 10_000), 4)
    .option('--for <minutes>', 'minutes that it lasts', whole(1, 10_000), 3)
    .option('--pace <times>', 'as fast as the clock; it then begins in the past, and catches up', whole(1, 60), 1)
    .option('--seed <number>', 'another seed makes another world', whole(0, 4_294_967_295), 1)
    .option('--settings <file>', 'written, for the system that is to listen; must not be there yet', 'drill.json')
    .addHelpText(
      'after',
      `
It says which network is yours in this world, when its prefix is taken and given back, and prints what a system sends to
a chat (the protocol of Slack's incoming webhooks). It sends nothing anywhere else, and runs until Ctrl-C.

Examples:
  routewarden drill
  routewarden drill --pace 4                     # over in two minutes
  routewarden --config drill.json start          # in a second terminal
  routewarden --config drill.json init AS65030   # in a third: the network that it names`,
    )
    .action(async (options: { after: number; for: number; pace: number; seed: number; settings: string }) => {
      const { settings: file } = options;
      if (existsSync(file)) throw new UsageError(`${file} is there: remove it, or name another with --settings`);
      const stopping = new AbortController();
      process.once('SIGINT', () => stopping.abort(new Error('stopped')));
      process.once('SIGTERM', () => stopping.abort(new Error('stopped')));
      const drill: Drill = drillOf({
        ...options,
        lasts: options.for,
        now: new Date(),
        logger: terminalLog('warn'),
        onChat: (lines) => say(`${clock(drill.time())} chat: ${lines.join('\n               ')}`),
      });
      try {
        const heard = await drill.listen();
        const places = { dataDirectory: FOLDER, artifactDirectory: `${FOLDER}/artifacts` };
        writeFileSync(file, `${JSON.stringify({ ...places, ...heard }, null, 2)}\n`, { flag: 'wx' });
        const { startMinute, culprits, victims, prefixes, peers } = drill.truth;
        const [from, until] = [startMinute * 60_000, (startMinute + options.for) * 60_000];
        const taken = `AS${culprits[0]} takes ${prefixes[0]} from AS${victims[0]}`;
        const pace = options.pace === 1 ? 'the pace of the clock' : `${options.pace} times the pace of the clock`;
        say(`Drill: a simulated Internet, at ${pace}. Times are UTC; now is ${clock(drill.time())}.${catchingUp(drill)}
  yours      AS${victims[0]}
  hijack     ${taken} at ${clock(from)} at ${peers.length} peers, and gives it back at ${clock(until)}
  settings   ${file}, with a chat that is printed here

In a second terminal, in this folder:
  npx routewarden --config ${file} start
In a third:
  npx routewarden --config ${file} init AS${victims[0]}
  npx routewarden --config ${file} reload
`);
        const announcements = [
          later(drill, from, taken, stopping.signal),
          later(drill, until, `AS${culprits[0]} gives ${prefixes[0]} back`, stopping.signal),
        ];
        await drill.play(stopping.signal);
        for (const timer of announcements) clearTimeout(timer);
      } finally {
        await drill.close();
      }
      say(`over; ${file} and ${FOLDER} are left to you`);
    });
}

/** @throws UsageError */
function drillOf(options: DrillOptions): Drill {
  try {
    return new Drill(options);
  } catch (error) {
    throw error instanceof TooFarBack ? new UsageError(error.message) : error;
  }
}

/** Until then a system that listens says that it is behind the feed. */
function catchingUp(drill: Drill): string {
  if (drill.behindSeconds === 0) return '';
  return `
It begins ${drill.behindSeconds} s in the past: the system says "behind the feed" until ${clock(drill.caughtUpAt)}.`;
}

function later(drill: Drill, at: number, what: string, signal: AbortSignal): NodeJS.Timeout {
  return setTimeout(() => {
    if (!signal.aborted) say(`${clock(at)} drill: ${what}`);
  }, drill.clockAt(at) - Date.now());
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
