import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ownerOf, stopLeftover } from '../storage/database.js';
import { signalHolder } from '../storage/directoryLock.js';
import { say } from './output.js';
import { settingsOf } from './store.js';

export function register(program: Command): void {
  program
    .command('stop')
    .description('Stop the system that runs on this data directory, orderly.')
    .addHelpText('after', '\nExample:\n  routewarden stop')
    .action(async () => {
      const settings = settingsOf(program);
      if (settings.databaseUrl !== undefined) {
        throw new Error(
          'with DATABASE_URL, stop `routewarden start` where it runs (Ctrl-C, or SIGTERM to its process)',
        );
      }
      if (!existsSync(settings.dataDirectory))
        return say(`nothing runs on ${settings.dataDirectory}: there is no such folder`);
      const owner = await signalHolder(resolve(settings.dataDirectory), 'SIGTERM');
      if (owner === null) {
        const left = await stopLeftover(settings.dataDirectory);
        say(
          left
            ? `stopped the PostgreSQL server that a killed \`routewarden start\` left on ${settings.dataDirectory}`
            : `nothing runs on ${settings.dataDirectory}`,
        );
        return;
      }
      const who = owner === 'silent' ? 'the process' : `process ${owner.pid}`;
      const until = performance.now() + 40_000;
      while ((await ownerOf(settings.dataDirectory)) !== null) {
        if (performance.now() > until) throw new Error(`${who} has not ended within 40 s: see its log`);
        await new Promise((done) => setTimeout(done, 100));
      }
      say(`stopped ${who}`);
    });
}
