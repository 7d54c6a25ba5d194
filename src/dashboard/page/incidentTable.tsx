import { isNeighbourhood, networkOfSubject } from '../../incidents/subject.js';
import type { IncidentRow } from '../api/schema.js';
import { ScrollArea } from './scrollArea.js';
import { Badge } from './states.js';
import { className, sentence, shortTime, span } from './words.js';

const COLUMNS = [
  ['severity', 'Severity'],
  ['class', 'What'],
  ['network', 'Network'],
  [null, 'Prefixes'],
  [null, 'Why'],
  ['started', 'Began'],
  ['length', 'Lasted'],
  ['stream', 'Stream'],
  [null, 'State'],
] as const;

/** Incidents, a line each; the heads sort, by a link that keeps the filters. On a phone each line is a card. */
export function IncidentTable({ incidents, query }: { incidents: readonly IncidentRow[]; query: URLSearchParams }) {
  const sorted = query.get('sort') ?? 'started';
  const up = query.get('order') === 'up';
  const sortBy = (column: string) => {
    const next = new URLSearchParams(query);
    next.set('sort', column);
    next.set('order', column === sorted && !up ? 'up' : 'down');
    return `/incidents?${next}`;
  };
  return (
    <ScrollArea label="Incidents">
      <table class="cards incident-table">
        <thead>
          <tr>
            {COLUMNS.map(([column, words]) => (
              <th key={words} scope="col" aria-sort={column === sorted ? (up ? 'ascending' : 'descending') : undefined}>
                {column === null ? (
                  words
                ) : (
                  <a href={sortBy(column)}>
                    {words}
                    {column === sorted && <span aria-hidden="true">{up ? ' ↑' : ' ↓'}</span>}
                  </a>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {incidents.map((incident) => (
            <Line key={incident.id} incident={incident} />
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

function Line({ incident }: { incident: IncidentRow }) {
  const { id, endedAt, startedAt, ending } = incident;
  const length = endedAt === null ? 'goes on' : span((endedAt - startedAt) / 1000);
  return (
    <tr class={incident.ordinary ? 'ordinary' : ''}>
      <td data-head="Severity">
        <div>
          <Badge tone={incident.severity}>{incident.severity}</Badge>
        </div>
      </td>
      <td data-head="What">
        <div>
          <a href={`/incidents/${id}`}>
            {incident.class === 'unknown' && isNeighbourhood(incident.subject)
              ? 'New neighbours'
              : className(incident.class)}
          </a>{' '}
          {incident.mine && <Badge tone="critical">yours</Badge>}
        </div>
      </td>
      <td data-head="Network">
        <div>{networkOfSubject(incident.subject) ?? '–'}</div>
      </td>
      <td data-head="Prefixes" class="prefixes">
        <div>
          {incident.prefixNames.length === 0
            ? '–'
            : incident.prefixNames.slice(0, 2).map((prefix) => <code key={prefix}>{prefix}</code>)}
        </div>
      </td>
      <td data-head="Why" class="why">
        <div>{sentence(incident.headline)}</div>
      </td>
      <td data-head="Began" class="times">
        <div>{shortTime(startedAt)}</div>
      </td>
      <td data-head="Lasted" class="times">
        <div>{length}</div>
      </td>
      <td data-head="Stream">
        <div>{incident.stream}</div>
      </td>
      <td data-head="State">
        <div>
          {ending === 'open' ? <Badge tone="running">open</Badge> : <Badge tone="quiet">{ENDINGS[ending]}</Badge>}
          {incident.history && <Badge tone="quiet">history</Badge>}
          {incident.ordinary && <Badge tone="quiet">ordinary</Badge>}
          {incident.acknowledgedBy !== null && <Badge tone="quiet">acknowledged</Badge>}
          {incident.assignedTo !== null && <Badge tone="quiet">{incident.assignedTo}</Badge>}
        </div>
      </td>
    </tr>
  );
}

const ENDINGS = { resolved: 'over', 'no more news': 'no more news' } as const;
