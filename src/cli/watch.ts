import type { Command } from 'commander';
import { watchStates } from '../storage/watchStates.js';
import { printJson, say, table } from './output.js';
import { lookAt } from './store.js';

/** Upstreams that a row names, those of most peers. */
const NAMED = 5;

export function register(program: Command): void {
  const watch = program
    .command('watch')
    .description('Your own prefixes: what is announced otherwise than you declared.')
    .addHelpText('after', '\nExamples:\n  routewarden watch check\n  routewarden watch check --json');
  watch
    .command('check')
    .description('List your prefixes as the streams see them now, those that contradict the declaration first.')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  routewarden watch check
  routewarden watch check --json

Exit codes: 0 all is as declared, 1 something is not, or nothing was compared yet.`,
    )
    .action(async (options: { json?: boolean }) => {
      const { states, declared } = await lookAt(program, async ({ pool, settings: { watch: own } }) => ({
        states: await watchStates(pool),
        declared: own.asNumbers.length + own.prefixes.length > 0,
      }));
      const rows = states.flatMap(({ stream, prefixes }) => prefixes.map((one) => ({ stream, ...one })));
      const troubled = rows.filter(({ findings }) => findings.length > 0);
      if (rows.length === 0 || troubled.length > 0) process.exitCode = 1;
      if (options.json) return printJson({ prefixes: rows });
      if (rows.length === 0) {
        return say(
          declared
            ? 'nothing was compared yet: no route has come since the system knows what is yours; `routewarden doctor` says whether the feed runs, `routewarden reload` lets it read the settings'
            : 'nothing was compared yet: declare what is yours (routewarden init AS64500) and start the system',
        );
      }
      const networks = (list: readonly { network: number }[]) =>
        list.map(({ network }) => `AS${network}`).join(' ') || '-';
      // where they differ, each with its peers
      const origins = (list: readonly { network: number; peers: number }[]) =>
        list.length < 2 ? networks(list) : list.map(({ network, peers }) => `AS${network} (${peers})`).join(' ');
      const upstreams = (list: readonly { network: number }[]) =>
        networks(list.slice(0, NAMED)) + (list.length > NAMED ? ` and ${list.length - NAMED} more` : '');
      const cells = [...troubled, ...rows.filter((row) => !troubled.includes(row))].map((row) => [
        row.prefix,
        row.stream,
        origins(row.origins),
        `${row.visible}/${row.peers}`,
        [...new Set(row.origins.map(({ rpki }) => rpki ?? '-'))].join(' ') || '-',
        upstreams(row.upstreams),
        row.findings.map(({ severity, words }) => `[${severity}] ${words}`).join('; ') ||
          (row.peers === 0 ? 'not seen yet' : 'as declared'),
      ]);
      process.stdout.write(
        `${table(['prefix', 'stream', 'origin', 'visible', 'rpki', 'upstreams', 'state'], cells)}\n`,
      );
    });
}
