import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { incidentFacts } from '../dashboard/queries/incidentFacts.js';
import { incidentReport } from '../dashboard/report/incidentReport.js';
import { closingOf, endingOf, endingWords } from '../incidents/ending.js';
import { INCIDENT_CLASSES, SEVERITIES } from '../incidents/incident.js';
import { incidentCsv } from '../incidents/incidentCsv.js';
import { INCIDENT_SORTS, INCIDENT_STATES, incidentFilter } from '../incidents/incidentFilter.js';
import { AsNameSource } from '../incidents/names/asNameSource.js';
import { sightOf } from '../incidents/sight.js';
import { networkOfSubject, withNetwork } from '../incidents/subject.js';
import { messageWords } from '../incidents/watch/routeMessage.js';
import { commentsOf, type IncidentComment } from '../storage/incidentMarks.js';
import { incidentById, type StoredIncident, searchIncidents } from '../storage/incidents.js';
import { listStreams } from '../storage/streams.js';
import { printableText } from '../words/printableText.js';
import { valueFault } from '../words/valueFault.js';
import { registerIncidentMarks } from './incidentMarks.js';
import { readNumber, requireKnown } from './modelArguments.js';
import { minuteText, printJson, say, table, UsageError } from './output.js';
import { lookAt } from './store.js';

const FILTERS = ['class', 'severity', 'mine', 'as', 'prefix', 'stream', 'since', 'until', 'state', 'sort', 'limit'];

export function register(program: Command): void {
  const incidents = program
    .command('incidents')
    .description('List incidents, newest first; filters are those of the page and of /api/incidents.')
    .option('--class <classes>', `one or more of ${INCIDENT_CLASSES.join(', ')}`)
    .option('--severity <severities>', `one or more of ${SEVERITIES.join(', ')}: these alone; major+ is major and over`)
    .option('--mine', 'only what touches your own networks')
    .option('--as <number>', 'the network behind it, or an origin that stands out')
    .option('--prefix <prefix>', 'names a prefix inside it, or around it')
    .option('--stream <name>', 'one view of the feed')
    .option('--since <time>', 'went on at this time or later, such as 2026-01-31 or 2026-01-31T12:00Z')
    .option('--until <time>', 'began before this time')
    .option('--state <states>', `one or more of ${INCIDENT_STATES.join(', ')}`)
    .option('--sort <column>', `${INCIDENT_SORTS.join(', ')}`, 'started')
    .option('--limit <number>', 'at most this many', '20')
    .option('--csv', 'as CSV')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  routewarden incidents --limit 5
  routewarden incidents --class hijack,leak --severity major+ --since 2026-01-31
  routewarden incidents --mine --state open --json
  routewarden incidents --prefix 192.0.2.0/24 --csv
  routewarden incidents show 12
  routewarden incidents assign 12 ada
  routewarden incidents comment 12 "AS64500 was called"

The page has each at /incidents/ID.`,
    )
    .allowExcessArguments()
    .action(async (options: Record<string, string | boolean | undefined>, command: Command) => {
      const [wrong] = command.args;
      if (wrong !== undefined) {
        const names = command.commands.map((one) => one.name()).join(', ');
        command.error(`error: unknown command 'incidents ${wrong}': there are ${names}`);
      }
      const asked = FILTERS.filter((name) => options[name] !== undefined);
      const parsed = incidentFilter.safeParse(
        Object.fromEntries(asked.map((name) => [name, options[name] === true ? 'yes' : options[name]])),
        { error: valueFault },
      );
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        const name = String(issue.path[0]);
        throw new UsageError(`--${name} "${String(options[name])}": ${issue.message}`);
      }
      const { limit, stream } = parsed.data;
      const fitting = await lookAt(program, async ({ pool }) => {
        if (stream !== undefined) requireKnown(stream, await listStreams(pool));
        return searchIncidents(pool, { ...parsed.data, limit: limit + 1 });
      });
      const found = fitting.slice(0, limit);
      if (options.json === true) printJson({ incidents: found.map(recordOf) });
      else if (options.csv === true) process.stdout.write(incidentCsv(found));
      else if (found.length === 0) say(asked.length > 2 ? 'no incident fits' : 'no incident yet');
      else printTable(found);
      if (fitting.length > limit) say(moreWords(limit, options.severity === undefined));
    });
  incidents
    .command('show')
    .description('Everything about one incident.')
    .argument('<id>', 'its number')
    .option('--json', 'as JSON')
    .option('--html <file>', 'write a report of one page, to print or to send')
    .addHelpText(
      'after',
      '\nExamples:\n  routewarden incidents show 12\n  routewarden incidents show 12 --json\n  routewarden incidents show 12 --html incident-12.html',
    )
    .action(async (text: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<{ json?: boolean; html?: string }>();
      const id = readNumber(text);
      if (options.html !== undefined) return writeReport(program, id, options.html);
      const { incident, comments } = await lookAt(program, async ({ pool }) => ({
        incident: await incidentById(pool, id),
        comments: await commentsOf(pool, id),
      }));
      if (incident === null) throw new Error(`there is no incident ${id}: \`routewarden incidents\` lists them`);
      if (options.json) return printJson({ ...recordOf(incident), comments });
      const story = storyOf(incident, comments).map((line) => printableText(line, Number.POSITIVE_INFINITY));
      process.stdout.write(`${story.join('\n')}\n`);
    });
  registerIncidentMarks(incidents, program);
}

function printTable(found: readonly StoredIncident[]): void {
  const head = ['id', 'stream', 'start', 'length', 'severity', 'class', 'network', 'yours', 'seen by', 'why'];
  process.stdout.write(`${table(head, found.map(cellsOf))}\n`);
}

/** On standard error, so that what is piped stays as it is. */
function moreWords(limit: number, ofAll: boolean): string {
  const gravest = ofAll ? ', --severity major+ the gravest' : '';
  return `there are more than these ${limit}: --limit ${Math.min(1_000, limit * 10)} shows more${gravest}`;
}

async function writeReport(program: Command, id: number, file: string): Promise<void> {
  const facts = await lookAt(program, async ({ pool, settings }) => {
    const warn = (_context: object, message: string) => say(message);
    const log = { info: () => {}, warn };
    const names = new AsNameSource({ path: settings.incidents.asNames, now: () => new Date(), log });
    await names.refreshIfDue();
    return incidentFacts(pool, id, Date.now(), names.nameOf);
  });
  if (facts === null) throw new Error(`there is no incident ${id}: \`routewarden incidents\` lists them`);
  await writeFile(file, incidentReport(facts));
  say(`wrote ${file}`);
}

function lengthOf(incident: StoredIncident): string {
  if (incident.endedAt === null) return 'goes on';
  const minutes = `${incident.endedAt - incident.startedAt} min`;
  return endingOf(closingOf(incident)) === 'no more news' ? `${minutes}, no news` : minutes;
}

function cellsOf(incident: StoredIncident): (string | number)[] {
  return [
    incident.id,
    incident.stream,
    minuteText(incident.startedAt),
    lengthOf(incident),
    incident.severity,
    incident.class,
    networkOfSubject(incident.subject) ?? '-',
    incident.detail.watched.length > 0 ? 'yes' : 'no',
    incident.models.join('+'),
    incident.reasons[0]?.words ?? '',
  ];
}

/** The incident without the gathered evidence, which is the correlator's own memory. */
function recordOf(incident: StoredIncident): object {
  const { evidence, ...detail } = incident.detail;
  return { ...incident, state: endingOf(closingOf(incident)), mine: detail.watched.length > 0, detail };
}

function storyOf(incident: StoredIncident, comments: readonly IncidentComment[]): string[] {
  const { culprits, detail } = incident;
  const yours = new Set(detail.watched.map(({ words }) => words));
  const named = (list: readonly { name: string; count: number }[]) =>
    list.map(({ name, count }) => `${name} (${count})`).join(', ') || 'none stands out';
  return [
    `incident ${incident.id}: ${incident.severity} ${withNetwork(incident.class, incident.class, incident.subject)} on ${incident.stream}`,
    `from       ${minuteText(incident.startedAt)} UTC, ${lengthOf(incident)}`,
    ...(incident.endedAt === null ? [] : [`end        ${endingWords(closingOf(incident))}`]),
    ...(detail.history === true ? ['history    found in replayed or backfilled minutes; no notices were sent'] : []),
    `how        ${sightOf(incident, minuteText)}`,
    ...[...yours].map((words) => `yours      ${words}`),
    ...incident.reasons.filter(({ words }) => !yours.has(words)).map(({ words }) => `why        ${words}`),
    ...(detail.adaptations ?? []).map(({ model, version }) => `learnt     by ${model} version ${version}`),
    `prefixes   ${named(culprits.prefixes)}`,
    `origins    ${named(culprits.origins)}`,
    `peers      ${named(culprits.peers)}`,
    ...(detail.messages ?? []).map((message) => `message    ${messageWords(message)}`),
    ...(incident.acknowledgedBy === null ? [] : [`looked at  by ${incident.acknowledgedBy}`]),
    ...(incident.assignedTo === null ? [] : [`assigned   to ${incident.assignedTo}`]),
    ...(incident.note === null ? [] : [`note       ${incident.note}`]),
    ...comments.map(({ at, author, text }) => `comment    ${at.toISOString().slice(0, 16)} ${author}: ${text}`),
    ...(incident.ordinary ? ['ordinary   its minutes train models'] : []),
  ];
}
