import { useState } from 'preact/hooks';
import type { DriftReport } from '../api/schema.js';
import { DistributionChart } from './distributionChart.js';
import { InputShifts } from './inputShifts.js';
import { ScrollArea } from './scrollArea.js';
import { Badge, Empty } from './states.js';
import { amount, driftTone, driftWords, ended, sentence, shortTime } from './words.js';

/** The drift checks as a strip of squares, and the chosen one in words with both score distributions. */
export function DriftHistory({ reports }: { reports: readonly DriftReport[] }) {
  const [chosen, setChosen] = useState<number | null>(null);
  // Most is to be seen in a check that compared: the newest of those, unless somebody chose another.
  const report =
    reports.find((candidate) => candidate.id === chosen) ??
    reports.find((candidate) => candidate.distribution !== null) ??
    reports[0];
  const outcomes = [...new Set(reports.map((candidate) => candidate.outcome))];
  return (
    <section class="card" aria-labelledby="drift">
      <h2 id="drift">Drift</h2>
      {report === undefined ? (
        <Empty>No drift check yet. The drift monitor checks every hour of feed time, once a model serves.</Empty>
      ) : (
        <>
          <fieldset class="strip" aria-label="Drift checks, oldest first">
            {[...reports].reverse().map((candidate) => (
              <button
                key={candidate.id}
                type="button"
                class={driftTone(candidate.outcome)}
                aria-pressed={candidate.id === report.id}
                aria-label={`${shortTime(candidate.windowEnd)}: ${driftWords(candidate.outcome)}`}
                title={`${shortTime(candidate.windowEnd)}: ${driftWords(candidate.outcome)}`}
                onClick={() => setChosen(candidate.id)}
              />
            ))}
          </fieldset>
          <p class="legend">
            A square is an hourly check, the newest at the right; press one to see it.
            {outcomes.map((outcome) => (
              <span key={outcome}>
                <span class={`square ${driftTone(outcome)}`} /> {driftWords(outcome)}
              </span>
            ))}
          </p>
          <div class="pair">
            <div>
              <p class="line">
                <strong>{shortTime(report.windowEnd)}</strong>{' '}
                <Badge tone={driftTone(report.outcome)}>{driftWords(report.outcome)}</Badge>
                {report.version !== null && <small>version {report.version}</small>}
              </p>
              <p>{sentence(ended(report.reason))}</p>
              <Criteria report={report} />
            </div>
            {report.distribution !== null && (
              <DistributionChart
                title="Scores in the baseline and now"
                axis="anomaly score"
                shape={report.distribution}
                baselineFrom={report.baselineFrom}
                currentFrom={report.currentFrom}
              />
            )}
          </div>
          <InputShifts id={report.id} />
          <p>
            <a class="take-away" href={`/api/drift/${report.id}/report.html`} target="_blank" rel="noreferrer">
              This check as a report to print or send
            </a>
          </p>
        </>
      )}
    </section>
  );
}

function Criteria({ report }: { report: DriftReport }) {
  if (report.criteria.length === 0) return null;
  return (
    <ScrollArea label="Criteria of the drift check">
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">Measure</th>
            <th scope="col" class="number">
              Baseline
            </th>
            <th scope="col" class="number">
              Now
            </th>
            <th scope="col" class="number">
              Change
            </th>
            <th scope="col" class="number">
              Limit
            </th>
          </tr>
        </thead>
        <tbody>
          {report.criteria.map((criterion) => (
            <tr key={criterion.name} class={criterion.exceeded ? 'over' : ''}>
              <th scope="row" data-head="Measure">
                {measureName(criterion.name)}
              </th>
              <td class="number" data-head="Baseline">
                {amount(criterion.baseline)}
              </td>
              <td class="number" data-head="Now">
                {amount(criterion.current)}
              </td>
              <td class="number" data-head="Change">
                <span>
                  {changeOf(criterion)}
                  {criterion.exceeded && <span class="hidden"> over the limit</span>}
                </span>
              </td>
              <td class="number" data-head="Limit">
                {limitOf(criterion)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

type Criterion = DriftReport['criteria'][number];

/** Inputs are judged by a stability index, everything else by its relative change. */
const isIndex = ({ name }: Criterion): boolean => name.startsWith('input ');

/** "input maximum_as_path_length" is "Input: maximum AS path length" to a person. */
function measureName(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replace(/\bas\b/, 'AS')
    .replace(/\b(igp|egp|incomplete)$/, (origin) => origin.toUpperCase());
  return words.startsWith('input ') ? `Input: ${words.slice(6)}` : sentence(words);
}

function changeOf(criterion: Criterion): string {
  if (isIndex(criterion)) return `index ${amount(criterion.change)}`;
  // from nothing, or to many times as much, a percentage says nothing
  if (criterion.baseline === 0) return criterion.current === 0 ? 'none' : 'from nothing';
  const times = criterion.current / criterion.baseline;
  if (times >= 10) return `${amount(Math.round(times))} times`;
  return `${criterion.change > 0 ? '+' : ''}${amount(100 * criterion.change)} %`;
}

function limitOf(criterion: Criterion): string {
  return isIndex(criterion) ? amount(criterion.limit) : `${amount(100 * criterion.limit)} %`;
}
