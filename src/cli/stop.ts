import type { Command } from 'commander';
import { ownerOf } from '../storage/database.js';
import { isAlive } from '../storage/leftoverPostgres.js';
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
      const owner = ownerOf(settings.dataDirectory);
      if (owner === null) {
        say(`nothing runs on ${settings.dataDirectory}`);
        return;
      }
      process.kill(owner.pid, 'SIGTERM');
      for (let waited = 0; isAlive(owner.pid); waited += 100) {
        if (waited > 40_000) throw new Error(`process ${owner.pid} has not ended within 40 s: see its log`);
        await new Promise((done) => setTimeout(done, 100));
      }
      say(`stopped process ${owner.pid}`);
    });
}
