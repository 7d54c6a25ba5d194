import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { DEFAULT_FILE, loadSettings } from '../config/load.js';
import type { Settings } from '../config/settings.js';
import { parseAddressBlock } from '../incidents/addressBlock.js';
import { VrpSource } from '../incidents/rpki/vrpSource.js';
import { PrefixIndex, wordsOfBlock } from '../incidents/watch/prefixIndex.js';
import { difference, joined, proposalOf, type SeenRoute, watchText } from '../incidents/watch/proposal.js';
import { asNumber } from '../incidents/watch/settings.js';
import { announcedBy, RIPESTAT_URL } from '../sources/ripeStat.js';
import { knownRoutes } from '../storage/knownRoutes.js';
import { valueFault } from '../words/valueFault.js';
import { printJson, say, UsageError } from './output.js';
import { hasDatabase, lookAt, settingsOf } from './store.js';

interface Options {
  yes?: boolean;
  upstreams?: boolean;
  downstreams?: boolean;
  delegated?: boolean;
  exclude?: string[];
  json?: boolean;
  /** An address; false: nobody is asked. */
  ripestat: string | false;
}

const PATIENCE_SECONDS = 15;

export function register(program: Command): void {
  program
    .command('init')
    .description('Write what is yours into the settings, from what the feed, the ROAs and RIPEstat show.')
    .argument('<networks...>', 'your AS numbers, such as AS64500')
    .option('--upstreams', 'declare the upstreams that are seen, too: any other then raises an alert')
    .option('--downstreams', 'declare the networks behind yours that RIPEstat names, too')
    .option('--delegated', 'declare parts of your prefixes that others announce now with their origins: look at each')
    .option('--exclude <prefixes...>', 'leave these out, and what lies in them')
    .option('--ripestat <url>', 'asked for the prefixes and neighbours of these networks', RIPESTAT_URL)
    .option('--no-ripestat', 'ask nobody: only what the streams hold')
    .option('--yes', 'write without asking')
    .option('--json', 'print the declaration as one JSON object, and write nothing')
    .addHelpText(
      'after',
      `
Examples:
  routewarden init AS64500
  routewarden init AS64500 AS64501 --upstreams --yes
  routewarden init AS64500 --delegated --exclude 192.0.2.0/24
  routewarden init 64500 --json --no-ripestat

It reads the routes that the streams hold (table dump and feed) and the VRPs of rpki.vrps, asks RIPEstat what these
networks announce, shows what it would change in the settings file, and asks you. Without an answer of RIPEstat it goes on. What is declared already stays as it is. Start the system first, so that there are routes.

Exit codes: 0 done or nothing to change, 1 failed or refused, 2 wrong usage.`,
    )
    .action(async (words: string[], options: Options) => {
      const networks = words.map((word) => {
        const parsed = asNumber.safeParse(word, { error: valueFault });
        if (!parsed.success) throw new UsageError(`"${word}" is not an AS number: write it as AS64500`);
        return parsed.data;
      });
      for (const text of options.exclude ?? []) {
        if (parseAddressBlock(text) === null)
          throw new UsageError(`"${text}" is not a prefix: write it as 192.0.2.0/24`);
      }
      const settings = settingsOf(program);
      const own = new Set(networks);
      const routes = await seenByStreams(program, settings, (_, origin) => own.has(origin));
      const downstreams: number[] = [];
      if (options.ripestat !== false) {
        const asked = await seenByRipeStat(networks, options.ripestat);
        routes.push(...asked.routes);
        if (options.downstreams) downstreams.push(...asked.downstreams);
      }
      const parts = options.delegated ? await seenByStreams(program, settings, partOf(routes, own)) : [];
      const log = {
        info: () => {},
        warn: (context: object, text: string) => say(`${text} ${JSON.stringify(context)}`),
      };
      const vrps = new VrpSource({ settings: settings.rpki, now: () => new Date(), log });
      await vrps.refreshIfDue();
      const proposal = proposalOf(networks, routes, vrps.covering, {
        upstreams: options.upstreams === true,
        downstreams,
        parts,
        exclude: options.exclude ?? [],
      });
      if (options.json) return printJson({ watch: proposal });
      if (proposal.prefixes.length === 0) {
        say('no stream holds a route of these networks yet: only the AS numbers are declared; run it again later');
      }
      await write(program, proposal, options.yes === true);
    });
}

/** Whether a route of another network leads to a part of what these networks announce. */
function partOf(routes: readonly SeenRoute[], own: ReadonlySet<number>): (prefix: string, origin: number) => boolean {
  const index = new PrefixIndex<true>();
  for (const { prefix } of routes) {
    const block = parseAddressBlock(prefix);
    if (block !== null) index.set(block, true);
  }
  return (prefix, origin) => {
    if (own.has(origin)) return false;
    const block = parseAddressBlock(prefix);
    return block !== null && index.covering(wordsOfBlock(block)) === true;
  };
}

async function seenByStreams(
  program: Command,
  settings: Settings,
  wanted: (prefix: string, origin: number) => boolean,
): Promise<SeenRoute[]> {
  if (!(await hasDatabase(settings))) {
    say('no service has run here yet, so that no stream holds routes');
    return [];
  }
  return lookAt(program, async ({ pool }) => {
    const routes: SeenRoute[] = [];
    for (const { name: stream } of settings.streams) {
      routes.push(...((await knownRoutes(pool, stream, wanted)) ?? []));
    }
    return routes;
  });
}

/** The networks' prefixes as routes, with those before them; none of those that could not be asked for, which is said. */
async function seenByRipeStat(
  networks: readonly number[],
  url: string,
): Promise<{ routes: SeenRoute[]; downstreams: number[] }> {
  const routes: SeenRoute[] = [];
  const behind: number[] = [];
  for (const origin of networks) {
    try {
      const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
      const { prefixes, upstreams, downstreams } = await announcedBy(origin, { url, signal });
      behind.push(...downstreams);
      const readable = prefixes.filter((prefix) => parseAddressBlock(prefix) !== null);
      const ways = upstreams.length === 0 ? [[origin]] : upstreams.map((upstream) => [upstream, origin]);
      routes.push(...readable.flatMap((prefix) => ways.map((hops) => ({ prefix, origin, hops }))));
      say(`RIPEstat: AS${origin} announces ${readable.length} prefixes`);
    } catch (error) {
      say(`RIPEstat says nothing of AS${origin} (${(error as Error).message}): the streams alone are used for it`);
    }
  }
  return { routes, downstreams: behind };
}

async function write(program: Command, proposal: Parameters<typeof joined>[1], yes: boolean): Promise<void> {
  const file = program.opts<{ config?: string }>().config ?? process.env.ROUTEWARDEN_CONFIG ?? DEFAULT_FILE;
  const tree = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  const present = (tree.watch ?? {}) as Record<string, unknown>;
  const watch = joined(present, proposal);
  const lines = difference(watchText(present), watchText(watch));
  if (lines.length === 0) return say(`${file}: nothing to change`);
  process.stdout.write(`${file}, watch:\n${lines.join('\n')}\n`);
  if (!yes && !process.stdin.isTTY) throw new Error('nothing was written: this needs a terminal to ask you, or --yes');
  if (!yes && !(await confirmed(`Write this to ${file}? [y/N] `))) throw new Error('nothing was written');
  // checked before the file is touched: what cannot be started must not be written
  const text = `${JSON.stringify({ ...tree, watch }, null, 2)}\n`;
  const draft = `${file}.new`;
  writeFileSync(draft, text);
  loadSettings({}, { file: draft });
  renameSync(draft, file);
  const option = file === DEFAULT_FILE ? '' : ` --config ${file}`;
  say(`${file}: written; \`routewarden${option} reload\` lets the running system read it`);
}

async function confirmed(question: string): Promise<boolean> {
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await line.question(question);
  line.close();
  return /^y(es)?$/i.test(answer.trim());
}
