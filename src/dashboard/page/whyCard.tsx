import { isNeighbourhood } from '../../incidents/subject.js';
import type { Incident } from '../api/schema.js';
import { Empty, Meter } from './states.js';
import { className, modelName, sentence } from './words.js';

/** In the words of its title. */
function whatOf({ class: name, subject }: Incident): string {
  return name === 'unknown' && isNeighbourhood(subject) ? 'new neighbours' : className(name).toLowerCase();
}

/** Why the incident has its class, and which models saw it. */
export function WhyCard({ incident }: { incident: Incident }) {
  return (
    <section class="card" aria-labelledby="why">
      <h2 id="why">Why this alarm</h2>
      <h3>Why {whatOf(incident)}</h3>
      {incident.reasons.length === 0 ? (
        <Empty>No reason was recorded for the class.</Empty>
      ) : (
        <ul class="reasons">
          {incident.reasons.map((reason) => (
            <li key={reason.words} class={reason.class === incident.class || reason.class === '' ? '' : 'other'}>
              {reason.class !== '' && reason.class !== incident.class && <>{className(reason.class)}: </>}
              {sentence(reason.words)}
            </li>
          ))}
        </ul>
      )}
      <h3>Which models saw it</h3>
      {incident.explanations.length === 0 && <Empty>No model flagged it: the routes spoke for themselves.</Empty>}
      {incident.explanations.map((model) => (
        <div key={model.kind} class="explanation">
          <p>
            <a
              href={
                model.kind === 'watch'
                  ? '/networks'
                  : `/models/${encodeURIComponent(`${model.kind}@${incident.stream}`)}`
              }
            >
              {modelName(model.kind)}
            </a>
            {model.version !== null && ` version ${model.version}`}
          </p>
          {model.reasons.length === 0 ? (
            <Empty>
              {model.kind === 'watch'
                ? 'These routes are not what it says; no model was asked.'
                : 'It flagged these minutes without a single feature standing out.'}
            </Empty>
          ) : (
            <ul class="shares">
              {model.reasons.slice(0, 5).map((reason) => (
                <li key={reason.name}>
                  <span>{reason.words}</span>
                  <Meter fraction={reason.share} label={`share of the score: ${Math.round(reason.share * 100)} %`} />
                </li>
              ))}
            </ul>
          )}
        </div>
      ))}
    </section>
  );
}
