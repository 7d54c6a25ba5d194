import type { Raised } from '../api/schema.js';
import { useResource } from './resource.js';
import { ScrollArea } from './scrollArea.js';
import { Empty, Loading, Problem } from './states.js';
import { amount, className } from './words.js';

const SEVERITIES = ['critical', 'major', 'minor', 'info'] as const;

/** One sentence: alerts of the last day beside the wish. */
export function RaisedLine({ raised }: { raised: Raised }) {
  const { alertsLastDay, budget } = raised;
  const over = alertsLastDay > budget;
  return (
    <p class={over ? 'hint bad' : 'hint'}>
      Last 24 h: {alertsLastDay} {alertsLastDay === 1 ? 'incident' : 'incidents'} of major or more outside your
      networks; you want at most {budget} a day.
    </p>
  );
}

/** Incidents a day by class and severity: of the last 24 hours, and the mean of the last week. */
export function RaisedCard() {
  const { value, error } = useResource<Raised>('/api/raised', ['incidents']);
  return (
    <section class="card" aria-labelledby="raised">
      <h2 id="raised">Raised a day</h2>
      {value === undefined ? error === null ? <Loading /> : <Problem words={error} /> : <RaisedTable raised={value} />}
    </section>
  );
}

function RaisedTable({ raised }: { raised: Raised }) {
  if (raised.rows.length === 0) return <Empty>Nothing was raised in the last seven days of any stream.</Empty>;
  const classes = [...new Set(raised.rows.map((row) => row.class))];
  const cell = (name: string | null, severity: string) => {
    const rows = raised.rows.filter((row) => (name === null || row.class === name) && row.severity === severity);
    const lastDay = rows.reduce((sum, row) => sum + row.lastDay, 0);
    const mean = rows.reduce((sum, row) => sum + row.perDay, 0);
    return rows.length === 0 ? '–' : `${lastDay} (${amount(mean)})`;
  };
  return (
    <>
      <RaisedLine raised={raised} />
      <ScrollArea label="Incidents a day by class and severity">
        <table>
          <thead>
            <tr>
              <th scope="col">Class</th>
              {SEVERITIES.map((severity) => (
                <th key={severity} scope="col">
                  {severity}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {classes.map((name) => (
              <tr key={name}>
                <th scope="row">{className(name)}</th>
                {SEVERITIES.map((severity) => (
                  <td key={severity}>{cell(name, severity)}</td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">All</th>
              {SEVERITIES.map((severity) => (
                <td key={severity}>{cell(null, severity)}</td>
              ))}
            </tr>
          </tbody>
        </table>
      </ScrollArea>
      <p class="hint">Last 24 hours of the streams; in brackets the mean of a day over the last seven.</p>
    </>
  );
}
