import type { Command } from 'commander';
import { loadSettings, settingPaths } from '../config/load.js';
import { redacted } from '../config/redaction.js';
import { settingsReference } from '../config/reference.js';
import { printJson, table } from './output.js';

/** Columns of a value in the table: `--json` has all of it. */
const LONGEST_VALUE = 60;

export function register(program: Command): void {
  program
    .command('config')
    .description('Print every setting in force and where it came from.')
    .option('--json', 'as JSON')
    .option('--reference', 'print the page that describes all settings instead')
    .addHelpText(
      'after',
      `
A setting is read from the file (--config), then the environment, then flags; the later wins. feed.url is
ROUTEWARDEN_FEED_URL in the environment; DATABASE_URL, REDIS_URL, DRIFT_CHECK_INTERVAL, LSTM_ENGINE and LOG_LEVEL are
known by their short names too.

Examples:
  routewarden config
  routewarden config --config /etc/routewarden.json --json
  routewarden config --reference`,
    )
    .action((options: { json?: boolean; reference?: boolean }) => {
      if (options.reference) {
        process.stdout.write(settingsReference());
        return;
      }
      const { config, dataDirectory } = program.opts<{ config?: string; dataDirectory?: string }>();
      const { settings, origins } = loadSettings(process.env, { file: config, flags: { dataDirectory } });
      const rows = settingPaths().map(([path, , meaning]) => {
        const value = path
          .split('.')
          .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], settings);
        const shown = value === undefined ? null : JSON.stringify(redacted(value, path));
        return { path, value: shown, from: origins.get(path) ?? 'default', meaning };
      });
      if (options.json) printJson({ settings: rows });
      else
        process.stdout.write(
          `${table(
            ['setting', 'value', 'from', 'meaning'],
            rows.map((row) => [
              row.path,
              row.value === null ? null : fitting(row.value, LONGEST_VALUE),
              row.from,
              row.meaning,
            ]),
          )
            .split('\n')
            .map((line) => fitting(line, process.stdout.columns))
            .join('\n')}\n`,
        );
    });
}

/** A terminal has only so many columns. `--json` has the values at length, `--reference` the meanings. */
function fitting(line: string, columns: number | undefined): string {
  return columns === undefined || columns === 0 || line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}
