import { useState } from 'preact/hooks';
import { leftOpen } from '../../incidents/ending.js';
import type { FeatureSeries, Incident, Victims } from '../api/schema.js';
import { Chart } from './chart.js';
import { Culprits } from './culprits.js';
import { IncidentActions } from './incidentActions.js';
import { IncidentList } from './incidentList.js';
import { IncidentThread } from './incidentThread.js';
import { MessagesCard } from './messagesCard.js';
import { PathGraphCard } from './pathGraphCard.js';
import { useResource } from './resource.js';
import { Badge, Empty, Loading, Missing, Problem } from './states.js';
import { VictimsCard } from './victimsCard.js';
import { WhyCard } from './whyCard.js';
import {
  amount,
  classMeaning,
  className,
  dateTime,
  ended,
  incidentName,
  modelName,
  sentence,
  shortTime,
  span,
  timeOf,
  whatToDo,
} from './words.js';

const MODELS = 3;
const RELATED = 6;
const ENDINGS = { resolved: 'over', 'no more news': 'no more news' } as const;
/** Classes that show in who announces what; the others show in how much was sent. */
const PATHS_FIRST = new Set(['hijack', 'moas', 'leak']);

export function IncidentPage({ id, canChange }: { id: number; canChange: boolean }) {
  const [at, setAt] = useState<number | null>(null);
  const { value, error, reload } = useResource<Incident>(`/api/incidents/${id}`, ['incidents']);
  const victims = useResource<Victims>(`/api/incidents/${id}/victims`, ['incidents']);
  const features = useResource<FeatureSeries>(`/api/incidents/${id}/features`, ['incidents']);
  if (value === undefined && error === null) return <Loading />;
  if (value === undefined)
    return <Missing title={`Incident ${id}`} words={error ?? ''} list="All incidents" to="/incidents" />;
  const end = value.endedAt ?? value.lastMinute + 60_000;
  const shades = [{ from: value.startedAt, until: end, colour: '--incident' }];
  // Where it runs past midnight, a bare time of day would be read as the day of its start.
  const clock = new Date(value.startedAt).toDateString() === new Date(end).toDateString() ? timeOf : shortTime;
  const names = victims.value?.names ?? {};
  const inPaths = PATHS_FIRST.has(value.class);
  return (
    <>
      <section class="card lead">
        <p class="crumbs">
          <a href="/incidents">Incidents</a> / {value.id}
        </p>
        <div class="line">
          <h1>{incidentName(value.class, value.subject)}</h1>
          <Badge tone={value.severity}>{value.severity}</Badge>
          {value.mine && <Badge tone="critical">yours</Badge>}
          {value.ending === 'open' ? (
            <Badge tone="running">open</Badge>
          ) : (
            <Badge tone="quiet">{ENDINGS[value.ending]}</Badge>
          )}
          {value.history && <Badge tone="quiet">history: no notices sent</Badge>}
          {value.ordinary && <Badge tone="quiet">ordinary</Badge>}
        </div>
        <p class="statement">{sentence(value.headline)}</p>
        <p class="facts">
          {dateTime(value.startedAt)}
          {value.endedAt === null
            ? ', still going on'
            : ` to ${clock(value.endedAt)}, ${span((end - value.startedAt) / 1000)}`}{' '}
          · stream {value.stream}{' '}
          {value.peakScore > 0 && ` · highest score ${amount(value.peakScore)} at ${clock(value.peakMinute)}`}
          {value.peakScore > 0 && value.score.threshold !== null && `, threshold ${amount(value.score.threshold)}`}
        </p>
        <dl class="advice">
          <dt>How sure</dt>
          <dd>{howSure(value)}</dd>
          <dt>What it means</dt>
          <dd>{classMeaning(value.class, value.subject)}</dd>
          <dt>{value.ending === 'resolved' ? 'Afterwards' : 'What to do'}</dt>
          <dd>{value.advice === null ? whatToDo(value.class) : ended(sentence(value.advice))}</dd>
        </dl>
        {value.ending === 'no more news' && (
          <p class="hint">
            It was closed because no further updates came. That is not an all-clear: {leftOpen(value.class)}.
          </p>
        )}
        <IncidentActions incident={value} canChange={canChange} changed={reload} />
        <p>
          <a class="take-away" href={`/api/incidents/${value.id}/report.html`} target="_blank" rel="noreferrer">
            Report to print or send
          </a>
        </p>
      </section>
      <div class="columns">
        <div>
          {inPaths && <PathGraphCard id={id} began={value.startedAt} at={at} setAt={setAt} />}
          <section class="card" aria-labelledby="score">
            <h2 id="score">Score before, during and after</h2>
            {value.score.times.length === 0 ? (
              <Empty>No model scored these minutes.</Empty>
            ) : (
              <figure>
                <figcaption>
                  <span class="reading" />
                </figcaption>
                <Chart
                  label="Ensemble score around the incident"
                  times={value.score.times}
                  values={value.score.score}
                  threshold={value.score.times.map(() => value.score.threshold)}
                  shades={shades}
                  group="incident"
                  height={150}
                />
              </figure>
            )}
            <Features resource={features} shades={shades} />
          </section>
          <VictimsCard victims={victims} class={value.class} />
          <MessagesCard messages={value.messages} />
          {!inPaths && <PathGraphCard id={id} began={value.startedAt} at={at} setAt={setAt} />}
          <section class="card" aria-labelledby="timeline">
            <h2 id="timeline">Time line</h2>
            <ol class="timeline">
              {value.timeline.map((event) => (
                <li
                  key={`${event.at} ${event.words}`}
                  class={event.kind}
                  aria-current={event.at === at ? 'time' : undefined}
                >
                  <button
                    type="button"
                    class="time"
                    title="Show the paths of this minute"
                    onClick={() => setAt(event.at)}
                  >
                    <time dateTime={new Date(event.at).toISOString()}>{clock(event.at)}</time>
                  </button>{' '}
                  {event.words}
                </li>
              ))}
            </ol>
          </section>
        </div>
        <div>
          {value.newNormal !== null && <NewNormalCard newNormal={value.newNormal} />}
          <WhyCard incident={value} />
          <IncidentThread incident={value} canChange={canChange} changed={reload} />
          <section class="card" aria-labelledby="culprits">
            <h2 id="culprits">Who stands out</h2>
            <Culprits title="Origins" incident={value} names={names} />
            <Culprits title="Peers" incident={value} names={names} />
          </section>
          <RelatedCard related={value.related} />
        </div>
      </div>
    </>
  );
}

/** The first of them: a busy day has dozens. */
function RelatedCard({ related }: { related: Incident['related'] }) {
  const [all, setAll] = useState(false);
  const shown = all ? related : related.slice(0, RELATED);
  return (
    <section class="card" aria-labelledby="related">
      <h2 id="related">Related incidents</h2>
      {related.length === 0 ? (
        <Empty>None: nothing else began or ended within ten minutes, on any stream.</Empty>
      ) : (
        <IncidentList incidents={shown} />
      )}
      {shown.length < related.length && (
        <p class="hint">
          {shown.length} of {related.length} shown.{' '}
          <button type="button" class="plain small" onClick={() => setAll(true)}>
            Show all {related.length}
          </button>
        </p>
      )}
    </section>
  );
}

/** The class's score in a word and a number, and which of the models and of the routes speak for it. */
function howSure(incident: Incident): string {
  const { confidence } = incident;
  if (confidence === null) return voices(incident);
  return `${sentence(confidence.words)}, ${confidence.score.toFixed(2)} of 1. ${voices(incident)}`;
}

function voices({ models, class: found }: Incident): string {
  const said = found === 'unknown' ? 'fit no class' : `say ${className(found).toLowerCase()}`;
  if (models.includes('watch')) return 'These routes are not what you declared of your networks; no model was asked.';
  const flagged = models.filter((name) => name !== 'evidence');
  const votes = `${flagged.length} of ${MODELS} models found these minutes anomalous`;
  const routes = models.includes('evidence');
  if (!routes) return `${votes}; the class follows from what was sent.`;
  if (flagged.length === 0) return `No model found these minutes anomalous; the routes alone ${said}.`;
  return `${votes}, and the routes themselves ${said}.`;
}

function NewNormalCard({ newNormal }: { newNormal: NonNullable<Incident['newNormal']> }) {
  const { words, speaksFor, speaksAgainst, versions } = newNormal;
  return (
    <section class="card" aria-labelledby="normal">
      <h2 id="normal">Change or incident?</h2>
      <p>{sentence(words)}</p>
      {speaksFor.length > 0 && <h3>For a change that stays</h3>}
      <Points points={speaksFor} />
      {speaksAgainst.length > 0 && <h3>For an event that passes</h3>}
      <Points points={speaksAgainst} />
      <h3>Trained on it</h3>
      {versions.length === 0 && <Empty>No version yet: models learn a change once it is old enough.</Empty>}
      <ul class="reasons">
        {versions.map(({ model, version, report }) => (
          <li key={model}>
            <a href={`/models/${encodeURIComponent(model)}`}>
              {modelName(model.split('@')[0] ?? model)} version {version}
            </a>
            {report !== null && `, asked for by drift report ${report}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Points({ points }: { points: readonly string[] }) {
  return (
    <ul class="reasons">
      {points.map((words) => (
        <li key={words}>{sentence(words)}</li>
      ))}
    </ul>
  );
}

function Features({
  resource,
  shades,
}: {
  resource: { value: FeatureSeries | undefined; error: string | null };
  shades: { from: number; until: number; colour: string }[];
}) {
  const { value, error } = resource;
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  if (value.times.length === 0) return <Empty>The feature rows of these minutes are no longer kept.</Empty>;
  return (
    <div class="features">
      {value.features.map((feature) => (
        <figure key={feature.name}>
          <figcaption>
            <strong>{feature.label}</strong> <small>{feature.unit}</small>
            <span class="reading">{feature.usual !== null && `usually ${amount(feature.usual)}`}</span>
          </figcaption>
          <Chart
            label={`${feature.label} around the incident`}
            times={value.times}
            values={feature.values}
            shades={shades}
            group="incident"
            height={96}
          />
        </figure>
      ))}
    </div>
  );
}
