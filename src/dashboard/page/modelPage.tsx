import { useState } from 'preact/hooks';
import { refusedWords } from '../../words/refused.js';
import type { Model, ModelVersion } from '../api/schema.js';
import { ApprovalCard } from './approvalCard.js';
import { Confirm, type Question } from './confirm.js';
import { DriftHistory } from './driftHistory.js';
import { RunProgress } from './modelList.js';
import { call, useResource } from './resource.js';
import { Badge, Empty, Loading, Missing } from './states.js';
import { StuckCard } from './stuckCard.js';
import { VersionTable } from './versionTable.js';
import { amount, dateTime, modelName, span, timeOf } from './words.js';

export function ModelPage({ modelKey, canChange }: { modelKey: string; canChange: boolean }) {
  const path = `/api/models/${encodeURIComponent(modelKey)}`;
  const { value, error, reload } = useResource<Model>(path, ['models', 'minute']);
  const [question, setQuestion] = useState<Question | null>(null);
  if (value === undefined && error === null) return <Loading />;
  if (value === undefined)
    return <Missing title={`Model ${modelKey}`} words={error ?? ''} list="All models" to="/models" />;
  const send = async (action: string, body: object = {}) => {
    await call(`${path}/${action}`, body);
    reload();
  };
  const serving = value.versions.find((version) => version.active);
  const refused = value.versions.slice(0, 1).find(({ state }) => state === 'rejected' || state === 'held');
  const name = `${modelName(value.kind)} of ${value.stream}`;
  const rollback = (version: ModelVersion) =>
    setQuestion({
      title: `Go back to version ${version.version}?`,
      words: `Version ${version.version} of ${name} scores from the next minute on, in place of version ${value.version ?? '–'}. You can go forward again the same way.`,
      act: `Activate version ${version.version}`,
      run: () => send('rollback', { version: version.version }),
    });
  const pin = (version: ModelVersion) =>
    setQuestion({
      title: version.pinned ? `Unpin version ${version.version}?` : `Pin version ${version.version}?`,
      words: version.pinned
        ? 'Retrained versions may replace it again.'
        : 'It is kept for good, and no retrained version replaces it while it is active.',
      act: version.pinned ? 'Unpin' : 'Pin',
      run: () => send(`versions/${version.version}/pin`, { pinned: !version.pinned }),
    });
  return (
    <>
      <section class="card lead">
        <p class="crumbs">
          <a href="/models">Models</a> / {modelKey}
        </p>
        <div class="line">
          <h1>{name}</h1>
          {value.version !== null && <Badge tone="good">version {value.version} active</Badge>}
          {serving?.provisional != null && <Badge tone="warn">provisional</Badge>}
          {value.pinned && <Badge tone="quiet">pinned</Badge>}
        </div>
        <p class="facts">
          {value.version === null
            ? 'No version serves yet: the first is trained when the first window is whole.'
            : `Trained on data up to ${value.dataUntil === null ? '–' : dateTime(value.dataUntil)}${
                value.ageMinutes === null ? '' : ` (${span(value.ageMinutes * 60)} old)`
              }, threshold ${amount(value.threshold ?? 0)}.`}
        </p>
        {serving?.provisional != null && (
          <p class="hint">
            It is provisional: the traffic changed at {dateTime(serving.provisional.since)}, and it has seen{' '}
            {span(serving.provisional.minutes * 60)} of the new normal. It is trained again when there is a day, and a
            whole window of it.
          </p>
        )}
        {value.run !== null && <RunProgress run={value.run} />}
        {refused !== undefined && value.stuck === null && (
          <p class="hint">
            Version {refused.version} was {refused.state}: {refused.gate.reasons.join('; ')}.{' '}
            {refusedWords(modelKey, refused.version, value.version)}
          </p>
        )}
        {canChange ? (
          <div class="buttons">
            {value.run === null ? (
              <button
                type="button"
                onClick={() =>
                  setQuestion({
                    title: `Retrain ${name}?`,
                    words:
                      'A new version is trained on the newest days in the background. It serves only if it passes the validation gate; scoring goes on meanwhile.',
                    act: 'Retrain now',
                    run: () => send('retrain'),
                  })
                }
              >
                Retrain now
              </button>
            ) : (
              <button
                type="button"
                class="plain"
                onClick={() =>
                  setQuestion({
                    title: 'Stop this retrain?',
                    words:
                      'What was trained so far is thrown away; a version that scores in shadow is given up. The active version goes on serving.',
                    act: 'Stop it',
                    run: () => send('cancel'),
                  })
                }
              >
                Cancel the retrain
              </button>
            )}
          </div>
        ) : (
          <p class="hint">You are signed in read-only: changes need the operator's token.</p>
        )}
      </section>
      {value.stuck !== null && (
        <StuckCard stuck={value.stuck} versions={value.versions} canChange={canChange} ask={setQuestion} send={send} />
      )}
      {value.approval !== null && (
        <ApprovalCard approval={value.approval} name={name} canChange={canChange} ask={setQuestion} send={send} />
      )}
      <VersionTable modelKey={modelKey} versions={value.versions} canChange={canChange} rollback={rollback} pin={pin} />
      <DriftHistory reports={value.reports} />
      <div class="pair">
        <Runs model={value} />
        <Activations model={value} />
      </div>
      {question !== null && <Confirm question={question} close={() => setQuestion(null)} />}
    </>
  );
}

function Runs({ model }: { model: Model }) {
  return (
    <section class="card" aria-labelledby="runs">
      <h2 id="runs">Retrains</h2>
      {model.runs.length === 0 ? (
        <Empty>None so far. Drift starts one by itself.</Empty>
      ) : (
        <p class="hint">Times of this machine's clock.</p>
      )}
      {model.runs.map((run) => (
        <details key={run.run} open={!run.finished}>
          <summary>
            {dateTime(run.startedAt)}{' '}
            <Badge tone={run.state === 'published' ? 'good' : run.finished ? 'warn' : 'running'}>{run.state}</Badge>
          </summary>
          <ol class="timeline">
            {run.steps.map((step) => (
              <li key={`${step.at} ${step.state}`}>
                <time>{timeOf(step.at)}</time> {step.state}
                {step.words !== '' && `: ${step.words}`}
              </li>
            ))}
          </ol>
          {run.jobId !== null && (
            <p class="hint">
              <a href={`/queues/queue/retrain/${encodeURIComponent(run.jobId)}`}>The job with its log</a>
            </p>
          )}
        </details>
      ))}
    </section>
  );
}

function Activations({ model }: { model: Model }) {
  return (
    <section class="card" aria-labelledby="activations">
      <h2 id="activations">What served when</h2>
      {model.activations.length === 0 ? (
        <Empty>Nothing has served yet.</Empty>
      ) : (
        <p class="hint">Times of the feed: the first minute that the version scored.</p>
      )}
      <ol class="timeline">
        {model.activations.map((activation) => (
          <li key={`${activation.at} ${activation.version}`}>
            <time>{dateTime(activation.fromMinute)}</time> version {activation.version}: {activation.reason}
            {activation.actor !== 'system' && ` (${activation.actor})`}
          </li>
        ))}
      </ol>
    </section>
  );
}
