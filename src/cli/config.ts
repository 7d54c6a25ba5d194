import type { Command } from 'commander';
import { loadSettings, settingPaths } from '../config/load.js';
import { redacted } from '../config/redaction.js';
import { printJson, table } from './output.js';

export function register(program: Command): void {
  program
    .command('config')
    .description('Print every setting in force and where it came from.')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
A setting is read from the file (--config), then the environment, then flags; the later wins. feed.url is
ROUTEWARDEN_FEED_URL in the environment; DATABASE_URL, REDIS_URL, DRIFT_CHECK_INTERVAL, LSTM_ENGINE and LOG_LEVEL are
known by their short names too.

Example:
  routewarden config --config /etc/routewarden.json`,
    )
    .action((options: { json?: boolean }) => {
      const { config, dataDirectory } = program.opts<{ config?: string; dataDirectory?: string }>();
      const { settings, origins } = loadSettings(process.env, { file: config, flags: { dataDirectory } });
      const rows = settingPaths().map(([path, schema]) => {
        const value = path
          .split('.')
          .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], settings);
        const shown = value === undefined ? null : JSON.stringify(redacted(value, path));
        return { path, value: shown, from: origins.get(path) ?? 'default', meaning: schema.description ?? '' };
      });
      if (options.json) printJson({ settings: rows });
      else
        process.stdout.write(
          `${table(
            ['setting', 'value', 'from', 'meaning'],
            rows.map((row) => [row.path, row.value, row.from, row.meaning]),
          )}\n`,
        );
    });
}
