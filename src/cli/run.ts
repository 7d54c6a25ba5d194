import { Argument, type Command } from 'commander';
import { findService, SERVICES } from '../services/catalogue.js';
import { largePages } from '../services/largePages.js';
import { launchService, serviceSettings } from '../services/launch.js';
import { openDatabase } from '../storage/database.js';
import { say } from './output.js';
import { settingsOf } from './store.js';

export function register(program: Command): void {
  program
    .command('run')
    .description('Run one service alone in this terminal, such as a training worker on another machine.')
    .addArgument(new Argument('<service>', 'which one').choices(SERVICES.map(({ name }) => name)))
    .addHelpText(
      'after',
      `
Example:
  DATABASE_URL=postgres://user:secret@db/routewarden REDIS_URL=redis://queue:6379 routewarden run trainer`,
    )
    .action(async (name: string) => {
      const service = findService(name);
      const settings = settingsOf(program);
      const database = await openDatabase(settings, { share: true, log: () => {} });
      let failed: Error | null = null;
      const child = launchService({
        entry: service.entry,
        environment: largePages(service, process.env),
        settings: serviceSettings(settings, database.databaseUrl),
        output: 'inherit',
        onError: (error) => {
          failed = error;
        },
      });
      let asked = false;
      const pass = (signal: NodeJS.Signals) => {
        asked = true;
        child.kill(signal);
      };
      process.on('SIGINT', () => pass('SIGTERM'));
      process.on('SIGTERM', () => pass('SIGTERM'));
      say(`${service.name} runs as process ${child.pid}; Ctrl-C ends it`);
      const code = await new Promise<number | null>((done) => {
        child.once('exit', done);
        child.once('error', () => done(1));
      });
      await database.close();
      if (failed !== null) throw failed;
      // Asked before it was ready to end in order, it ends all the same, as it was asked to.
      process.exitCode = code ?? (asked ? 0 : 1);
    });
}
