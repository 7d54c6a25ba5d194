import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { packageRoot } from '../config/paths.js';
import { findService, SERVICES } from '../services/catalogue.js';
import { serviceEnvironment } from '../services/system.js';
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
      const child = spawn(
        process.execPath,
        ['--enable-source-maps', join(packageRoot, 'dist/workers', service.entry)],
        {
          env: serviceEnvironment(settings, database.databaseUrl),
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
          detached: true,
        },
      );
      say(`${service.name} runs as process ${child.pid}; Ctrl-C ends it`);
      let asked = false;
      const pass = (signal: NodeJS.Signals) => {
        asked = true;
        child.kill(signal);
      };
      process.on('SIGINT', () => pass('SIGTERM'));
      process.on('SIGTERM', () => pass('SIGTERM'));
      const code = await new Promise<number | null>((done) => child.once('exit', done));
      await database.close();
      // Asked before it was ready to end in order, it ends all the same, as it was asked to.
      process.exitCode = code ?? (asked ? 0 : 1);
    });
}
