import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { silenceActs } from '../acts/silences.js';
import { type Silence, silenceRequest } from '../incidents/alerts/silence.js';
import { listSilences } from '../storage/silences.js';
import { streamNames } from '../storage/streams.js';
import { valueFault } from '../words/valueFault.js';
import { readNumber, requireKnown } from './modelArguments.js';
import { printJson, say, table, UsageError } from './output.js';
import { lookAt, withDatabase } from './store.js';

const SHOWN = 100;

interface AddOptions {
  prefix?: string;
  as?: string;
  class?: string;
  stream?: string;
  from?: string;
  until: string;
  reason: string;
  json?: boolean;
}

export function register(program: Command): void {
  const silences = program
    .command('silences')
    .description('Silences and maintenance windows: incidents for which no notices are sent for a while.')
    .addHelpText(
      'after',
      `
Examples:
  routewarden silences add --prefix 192.0.2.0/24 --until 2026-11-30T06:00Z --reason "renumbering"
  routewarden silences add --as AS64500 --class outage --from 2026-12-01T22:00Z --until 2026-12-02T04:00Z --reason "router swap"
  routewarden silences list
  routewarden silences end 3

Every field that is given must fit. Incidents go on being found and listed.`,
    );
  silences
    .command('list')
    .description('List silences, newest first.')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden silences list --json')
    .action(async (options: { json?: boolean }) => {
      const rows = await lookAt(program, ({ pool }) => listSilences(pool, SHOWN));
      const now = new Date();
      if (options.json) return printJson({ silences: rows.map((row) => ({ ...row, state: stateOf(row, now) })) });
      if (rows.length === 0) return say('no silence yet');
      const cells = rows.map((row) => [
        row.id,
        stateOf(row, now),
        scopeOf(row),
        row.startsAt.toISOString().slice(0, 16),
        row.endsAt.toISOString().slice(0, 16),
        row.actor,
        row.reason,
      ]);
      process.stdout.write(`${table(['id', 'state', 'what', 'from', 'until', 'by', 'why'], cells)}\n`);
    });
  silences
    .command('add')
    .description('Silence a prefix, an AS, a class or a stream until a time.')
    .option('--prefix <prefix>', 'all prefixes that an alert names lie inside it')
    .option('--as <number>', 'the network behind the incident')
    .option('--class <class>', 'such as outage')
    .option('--stream <name>', 'one view of the feed')
    .option('--from <time>', 'when it begins, such as 2026-12-01T22:00Z; now when left out')
    .requiredOption('--until <time>', 'required: when it ends, such as 2026-12-02T04:00Z')
    .requiredOption('--reason <text>', 'required: why')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  routewarden silences add --as AS64500 --until 2026-11-30T06:00Z --reason maintenance',
    )
    .action(async (options: AddOptions) => {
      const request = silenceRequest.safeParse(
        {
          prefix: options.prefix,
          ...(options.as === undefined ? {} : { asNumber: asNumberOf(options.as) }),
          class: options.class,
          stream: options.stream,
          ...(options.from === undefined ? {} : { startsAt: isoTime(options.from, '--from') }),
          endsAt: isoTime(options.until, '--until'),
          reason: options.reason,
        },
        { error: valueFault },
      );
      if (!request.success) {
        const issue = request.error.issues[0]!;
        throw new UsageError(`${OPTION_OF[String(issue.path[0])] ?? 'silence'}: ${issue.message}`);
      }
      const { username } = userInfo();
      const silence = await withDatabase(program, async ({ pool }) => {
        if (request.data.stream !== undefined) requireKnown(request.data.stream, await streamNames(pool));
        return silenceActs(pool, Date).add(request.data, username);
      });
      if (options.json) return printJson({ silence });
      say(`silence ${silence.id}: ${scopeOf(silence)} until ${silence.endsAt.toISOString().slice(0, 16)} UTC`);
    });
  silences
    .command('end')
    .description('End a silence now.')
    .argument('<id>', 'its number')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden silences end 3')
    .action(async (text: string, options: { json?: boolean }) => {
      const id = readNumber(text);
      await withDatabase(program, ({ pool }) => silenceActs(pool, Date).end(id, userInfo().username));
      if (options.json) return printJson({ silence: id, ended: true });
      say(`silence ${id} has ended`);
    });
}

/** Fields of a silence, as the options that give them. */
const OPTION_OF: Readonly<Record<string, string>> = {
  prefix: '--prefix',
  asNumber: '--as',
  class: '--class',
  stream: '--stream',
  startsAt: '--from',
  endsAt: '--until',
  reason: '--reason',
};

function asNumberOf(text: string): number {
  if (!/^(AS)?\d+$/i.test(text)) throw new UsageError(`--as takes an AS number such as AS64500, not "${text}"`);
  return Number(text.replace(/^AS/i, ''));
}

function isoTime(text: string, option: string): string {
  const at = new Date(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at.getTime())) {
    throw new UsageError(`${option} takes a time such as 2026-11-30T06:00Z, not "${text}"`);
  }
  return at.toISOString();
}

function stateOf({ startsAt, endsAt }: Silence, now: Date): 'planned' | 'now' | 'ended' {
  if (endsAt <= now) return 'ended';
  return startsAt > now ? 'planned' : 'now';
}

function scopeOf({ prefix, asNumber, class: name, stream }: Silence): string {
  const parts = [prefix, asNumber === null ? null : `AS${asNumber}`, name, stream === null ? null : `stream ${stream}`];
  return parts.filter((part) => part !== null).join(', ');
}
