import type { ModelVersion, Stuck } from '../api/schema.js';
import { AskButton } from './askButton.js';
import type { Question } from './confirm.js';
import { ScrollArea } from './scrollArea.js';
import { amount, dateTime, ended, sentence } from './words.js';

interface Props {
  stuck: Stuck;
  versions: readonly ModelVersion[];
  canChange: boolean;
  ask: (question: Question) => void;
  send: (action: string, body?: object) => Promise<void>;
}

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;

/** A model that only a person can help: both versions' figures, and the three ways out. */
export function StuckCard({ stuck, versions, canChange, ask, send }: Props) {
  const { version, champion } = stuck;
  const [refused, serving] = [version, champion].map((number) => versions.find((one) => one.version === number));
  const rows = [
    { name: 'Threshold', theirs: amountOf(serving?.threshold), ours: amountOf(refused?.threshold) },
    {
      name: 'Minutes flagged in validation',
      theirs: percent(refused?.gate.championAnomalous),
      ours: percent(refused?.gate.anomalous),
    },
    {
      name: 'Injected anomalies found',
      theirs: percent(serving?.gate.recall),
      ours: percent(refused?.gate.recall),
    },
    { name: 'Minutes flagged in the last six hours', theirs: percent(stuck.flagged), ours: 'not serving' },
  ];
  return (
    <section class="card" aria-labelledby="stuck">
      <h2 id="stuck">This model needs your decision</h2>
      <p>
        Version {champion} has flagged too many minutes since {dateTime(stuck.since)}. The newest version
        {version === null ? '' : ` ${version}`} was {stuck.state}: {sentence(ended(stuck.reasons.join('; ')))}
      </p>
      <ScrollArea label="Figures of both versions">
        <table>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col" class="number">
                Version {champion}, serving
              </th>
              <th scope="col" class="number">
                Version {version ?? '–'}, {stuck.state}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td class="number">{row.theirs}</td>
                <td class="number">{row.ours}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
      {canChange && (
        <div class="buttons">
          {version !== null && (
            <AskButton
              ask={ask}
              title={`Let version ${version} serve?`}
              words="The change is here to stay. It begins a line of its own, against which later versions are measured."
              act={`Accept version ${version}`}
              run={() => send('accept', { version })}
            />
          )}
          <AskButton
            ask={ask}
            plain
            title={`Keep version ${champion}?`}
            words="What it flags is an anomaly. You are asked again when another retraining is refused."
            act={`Keep version ${champion}`}
            run={() => send('keep')}
          />
          <AskButton
            ask={ask}
            plain
            title="Retrain without these days?"
            words={`A new version is trained on the days before ${dateTime(stuck.since)}, and judged as always.`}
            act="Retrain without these days"
            run={() => send('retrain-without')}
          />
        </div>
      )}
    </section>
  );
}

const amountOf = (value: number | undefined): string => (value === undefined ? '–' : amount(value));
