import type { Command } from 'commander';
import { restoreBackup } from '../backup/restore.js';
import { printJson, say } from './output.js';
import { fillStore } from './store.js';

export function register(program: Command): void {
  program
    .command('restore')
    .description('Fill an empty database with a backup.')
    .argument('<file>', 'as `routewarden backup` wrote it')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
All of it or nothing: the file's checksum is proven before anything stands. A file of a newer Routewarden, a database
with rows and a running system are refused. A file of an older Routewarden is taken.

Examples:
  routewarden --data-directory .restored restore routewarden.backup.gz
  DATABASE_URL=postgres://... routewarden restore routewarden.backup.gz --json`,
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const rows = await fillStore(program, ({ pool }) =>
        restoreBackup(pool, file, { onTable: (table) => say(`table ${table}`) }),
      );
      if (options.json) printJson({ file, rows });
      else say(`${Object.values(rows).reduce((sum, count) => sum + count, 0)} rows restored from ${file}`);
    });
}
