import { resolve } from 'node:path';
import type { Command } from 'commander';
import { lastAct, reloadAfter } from '../services/reloadOutcome.js';
import { holderOf, signalHolder } from '../storage/directoryLock.js';
import { say } from './output.js';
import { lookAt, settingsOf } from './store.js';

/** Ten services drain and start afresh, one after the other. */
const WAIT_SECONDS = 180;

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
refused here, and the system goes on with the ones it has; so is a new port of the page that is in use. With DATABASE_URL, send SIGHUP to \`routewarden start\` where it runs.

Example:
  routewarden reload`,
    )
    .action(async () => {
      // Refuses wrong settings here, where they are seen.
      const settings = settingsOf(program);
      if (settings.databaseUrl !== undefined) {
        throw new Error('with DATABASE_URL, send SIGHUP to `routewarden start` where it runs');
      }
      const directory = resolve(settings.dataDirectory);
      const nothing = new Error(`nothing runs on ${settings.dataDirectory}: \`routewarden start\``);
      if ((await holderOf(directory)) === null) throw nothing;
      const outcome = await lookAt(program, async ({ pool }) => {
        const before = await lastAct(pool);
        const owner = await signalHolder(directory, 'SIGHUP');
        if (owner === null) throw nothing;
        say(`${owner === 'silent' ? 'the process' : `process ${owner.pid}`} reads its settings again`);
        return reloadAfter(pool, before, WAIT_SECONDS * 1000);
      });
      if (outcome === null) throw new Error(`it has not said what came of it within ${WAIT_SECONDS} s: see its log`);
      if (!outcome.isDone) throw new Error(outcome.words);
      say(outcome.words);
    });
}
