import { adviceOf } from '../../incidents/advice.js';
import { INCIDENT_CLASSES } from '../../incidents/incident.js';
import { networkOfSubject, withNetwork } from '../../incidents/subject.js';
import type { FeatureSeries, Incident, PathGraph, Victims } from '../api/schema.js';
import { html, type Markup, page, rowsOf } from './html.js';
import { lineChart } from './lineChart.js';

/** What the page about an incident shows, from the same queries. */
export interface IncidentFacts {
  incident: Incident;
  features: FeatureSeries;
  graph: PathGraph;
  victims: Victims | null;
  /** When the report is made, milliseconds. */
  now: number;
}

const MINUTE = 60_000;
const text = (time: number): string => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const clock = (time: number): string => new Date(time).toISOString().slice(11, 16);

/** One incident as a page of its own, to print or to send: what, when, why, who, each peer's path, and what people said. */
export function incidentReport({ incident, features, graph, victims, now }: IncidentFacts): string {
  const end = incident.endedAt ?? incident.lastMinute + MINUTE;
  const during = { from: incident.startedAt, until: end };
  const ending = incident.endedAt === null ? 'still going on' : `to ${text(end)} (${incident.ending})`;
  const name = INCIDENT_CLASSES.find((known) => known === incident.class) ?? 'unknown';
  const who = networkOfSubject(incident.subject);
  const title = `Incident ${incident.id}: ${incident.severity} ${withNetwork(incident.class, incident.class, incident.subject)}`;
  return page(title, [
    html`<h1>${title}</h1>
<p class="facts">Stream ${incident.stream}, ${text(incident.startedAt)}, ${ending}.${incident.history ? ' Found in replayed or backfilled minutes.' : ''}</p>
<p><strong>${incident.headline}</strong></p><p>${incident.ending === 'resolved' ? 'Afterwards' : 'What to do'}: ${incident.advice ?? adviceOf(name, undefined, who)}.</p>`,
    section('Why', list(incident.reasons.map(({ words }) => words))),
    section(
      'Score',
      lineChart({
        title: 'Ensemble score before, during and after',
        times: incident.score.times,
        values: incident.score.score,
        limit: incident.score.threshold,
        ...during,
      }),
    ),
    section(
      'What was sent',
      features.features
        .filter(({ values }) => values.some((value) => value !== null && value > 0))
        .map(
          ({ label, unit, values, usual }) =>
            html`<p>${label}, ${unit}${usual === null ? '' : `; usual ${Number(usual.toPrecision(3)).toLocaleString('en-US')}`}</p>
${lineChart({ title: label, times: features.times, values, limit: usual, ...during })}`,
        ),
    ),
    section('Prefixes that were hit', victimTable(victims)),
    section('Origins', ranked(incident.origins, 'network')),
    section('Peers', ranked(incident.peers, 'peer')),
    section(
      graph.prefix === null ? 'Paths' : `Paths to ${graph.prefix}`,
      rowsOf(
        ['peer', 'from', 'path'],
        graph.routes.map(({ peer, since, path }) => [
          peer,
          since === null ? 'before' : clock(since),
          path.length === 0 ? 'withdrawn' : html`<code>${path.join(' ')}</code>`,
        ]),
      ),
    ),
    section(
      'Messages that led to it',
      rowsOf(
        ['time', 'peer', 'message', 'path'],
        incident.messages.map(({ at, peer, kind, prefix, path }) => [
          new Date(at).toISOString().slice(11, 19),
          peer,
          html`${kind} <code>${prefix}</code>`,
          html`<code>${path.join(' ')}</code>`,
        ]),
      ),
    ),
    section(
      'Time line',
      rowsOf(
        ['time', ''],
        incident.timeline.map(({ at, words }) => [text(at), words]),
      ),
    ),
    section(
      'Notes',
      rowsOf(
        ['time', 'who', ''],
        [
          ...(incident.note === null ? [] : [['', '', incident.note]]),
          ...incident.comments.map(({ at, author, text: words }) => [text(at), author, words]),
        ],
      ),
    ),
    html`<p class="facts">Made by Routewarden, ${text(now)}.</p>`,
  ]);
}

const network = ({ asNumber, name }: { asNumber: number; name: string | null }) =>
  `AS${asNumber}${name === null ? '' : ` ${name}`}`;

function victimTable(victims: Victims | null): Markup {
  if (victims === null || victims.rows.length === 0) return html``;
  const rest = victims.of - victims.rows.length;
  const columns: [string, (row: Victims['rows'][number]) => string | number | Markup][] = [
    [
      'prefix',
      (row) =>
        html`<code>${row.prefix}</code>${row.mine ? ' (yours)' : ''}${row.covering === null ? '' : `, inside ${row.covering}`}`,
    ],
    ['holder', (row) => row.holders.map(network).join(', ')],
    ['announced by', (row) => (row.by === null ? '' : network(row.by))],
    ['peers', (row) => row.peers ?? ''],
    ['RPKI', (row) => row.rpki ?? ''],
  ];
  // a column that says nothing of this incident is left out
  const kept = columns.filter(([, of]) => victims.rows.some((row) => of(row) !== ''));
  return html`${rowsOf(
    kept.map(([head]) => head),
    victims.rows.map((row) => kept.map(([, of]) => of(row))),
  )}${rest > 0 ? html`<p class="facts">and ${rest} more, of which no names are kept.</p>` : ''}`;
}

/** A heading with what stands below it; nothing where that is nothing. */
function section(heading: string, body: Markup | readonly Markup[]): Markup {
  const inner = html`${body}`;
  return inner.text.trim() === '' ? inner : html`<h2>${heading}</h2>\n${inner}\n`;
}

function list(lines: readonly string[]): Markup {
  return lines.length === 0 ? html`` : html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function ranked(rows: readonly { name: string; count: number }[], head: string): Markup {
  return rowsOf(
    [head, 'count'],
    rows.map(({ name, count }) => [name, count]),
  );
}
