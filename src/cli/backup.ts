import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { writeBackup } from '../backup/backup.js';
import { codeVersion } from '../config/codeVersion.js';
import { printJson, say } from './output.js';
import { withStore } from './store.js';

export function register(program: Command): void {
  program
    .command('backup')
    .description('Write models and history to one file, while the system goes on.')
    .argument('<file>', 'such as routewarden.backup.gz; replaced when it exists')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
The file has every table but the log of raw updates, as of one moment, with a checksum. It holds no passwords, but all
that was seen and trained: it is readable by its owner alone.

Examples:
  routewarden backup routewarden.backup.gz
  routewarden backup /backups/$(date +%F).gz --json`,
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const rows = await withStore(program, ({ pool }) =>
        writeBackup(pool, file, {
          program: codeVersion(),
          now: () => new Date(),
          onTable: (table) => say(`table ${table}`),
        }),
      );
      const bytes = statSync(file).size;
      if (options.json) printJson({ file, bytes, rows });
      else say(`${file}: ${Object.values(rows).reduce((sum, count) => sum + count, 0)} rows, ${bytes} bytes`);
    });
}
