import type { ModelRow, Overview, RunState } from '../api/schema.js';
import { Badge, Empty, Meter } from './states.js';
import { driftTone, driftWords, ended, modelName, span } from './words.js';

interface Props {
  models: readonly ModelRow[];
  /** null where only the serving version, or its absence, is shown */
  collected: Overview['collected'] | null;
  /** Whether an archive may fill what is missing. */
  live?: boolean;
}

export function ModelList({ models, collected, live = false }: Props) {
  if (models.length === 0) return <Empty>Models come with the first stream.</Empty>;
  return (
    <ul class="models">
      {models.map((model) => (
        <li key={model.key}>
          <a href={`/models/${encodeURIComponent(model.key)}`}>
            <span class="line">
              <strong>{modelName(model.kind)}</strong>
              {model.version !== null && <Badge tone="quiet">version {model.version}</Badge>}
              {model.pinned && <Badge tone="quiet">pinned</Badge>}
              {model.drift !== null && model.drift.outcome !== 'no baseline' && (
                <Badge tone={driftTone(model.drift.outcome)}>{driftWords(model.drift.outcome)}</Badge>
              )}
            </span>
            <span class="what">{stateOf(model, collected, live)}</span>
          </a>
          {model.approval !== null && <Badge tone="warn">retraining asked for</Badge>}
          {model.run !== null && <RunProgress run={model.run} />}
        </li>
      ))}
    </ul>
  );
}

function stateOf(model: ModelRow, collected: Props['collected'], live: boolean): string {
  if (model.version === null) {
    if (model.refused !== null)
      return `No version serves: version ${model.refused.version} was ${model.refused.state}. Its page says why.`;
    if (collected === null) return 'No version yet: the first is trained when the first window is whole.';
    if (collected.minutes >= collected.needed) return 'No version yet: the window is whole, the first is trained next.';
    const share = `${span(collected.minutes * 60)} of ${span(collected.needed * 60)} collected`;
    return `No version yet: ${share}${live ? '; sooner with "routewarden backfill"' : ''}.`;
  }
  const age = model.ageMinutes === null ? '' : `Trained on data up to ${span(model.ageMinutes * 60)} ago. `;
  // The newest check may be older than the first version: what it says is then no longer so.
  if (model.drift?.outcome === 'no baseline') return `${age}Its drift is checked from the next whole hour on.`;
  if (model.drift === null) return `${age}No drift check yet.`;
  // What a check that compared found is in the badge; its statistics are on the model's page.
  return model.drift.outcome === 'suppressed' ? `${age}Last drift check: ${ended(model.drift.reason)}` : age.trim();
}

export function RunProgress({ run }: { run: RunState }) {
  const words = run.message ?? run.state;
  return (
    <div class="progress" role="status">
      <span>
        Retrain: {run.state}
        {run.message !== null && `, ${words}`}
      </span>
      {run.fraction !== null && <Meter fraction={run.fraction} label="Retrain progress" />}
    </div>
  );
}
