import { resolve } from 'node:path';
import type { Command } from 'commander';
import { signalHolder } from '../storage/directoryLock.js';
import { say } from './output.js';
import { settingsOf } from './store.js';

export function register(program: Command): void {
  program
    .command('reload')
    .description(
      'Let the system that runs on this data directory read its settings file again, without losing a minute.',
    )
    .addHelpText(
      'after',
      `
Services start afresh one after the other; the collector stays unless streams, feed or archive changed. Wrong settings are
refused here, and the system goes on with the ones it has. With DATABASE_URL, send SIGHUP to \`routewarden start\` where it runs.

Example:
  routewarden reload`,
    )
    .action(async () => {
      // Refuses wrong settings here, where they are seen.
      const settings = settingsOf(program);
      if (settings.databaseUrl !== undefined) {
        throw new Error('with DATABASE_URL, send SIGHUP to `routewarden start` where it runs');
      }
      const owner = await signalHolder(resolve(settings.dataDirectory), 'SIGHUP');
      if (owner === null) throw new Error(`nothing runs on ${settings.dataDirectory}: \`routewarden start\``);
      say(`${owner === 'silent' ? 'the process' : `process ${owner.pid}`} reads its settings again: see its log`);
    });
}
