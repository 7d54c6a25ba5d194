import type { Overview, Verdict } from '../api/schema.js';
import { IncidentList } from './incidentList.js';
import { useConnection } from './live.js';
import { ModelList } from './modelList.js';
import { NeedsCard } from './needsCard.js';
import { NetworksCard } from './networksPage.js';
import { RaisedLine } from './raisedCard.js';
import { useResource } from './resource.js';
import { go } from './route.js';
import { ScoreCharts } from './scoreCharts.js';
import { ServiceList } from './serviceList.js';
import { Empty, Loading, Meter, Problem } from './states.js';
import { amount, dateTime, incidentName, linkWords, modelName, shortTime, span } from './words.js';

/** Verdicts so far behind the feed, in milliseconds, say nothing of now. */
const MOST_BEHIND = 10 * 60_000;

export function OverviewPage({ path }: { path: URL }) {
  const stream = path.searchParams.get('stream');
  const query = stream === null ? '' : `?stream=${encodeURIComponent(stream)}`;
  const { value, error } = useResource<Overview>(`/api/overview${query}`, [
    'minute',
    'incidents',
    'models',
    'services',
  ]);
  if (value === undefined) return error === null ? <Loading /> : <Problem words={error} />;
  return (
    <>
      {error !== null && <Problem words={error} />}
      <NetworksCard />
      <NeedsCard overview={value} />
      <div class="summary">
        <VerdictCard overview={value} />
        <FeedCard overview={value} />
      </div>
      <div class="columns">
        <div>
          <section class="card" aria-labelledby="incidents-title">
            <div class="head">
              <h2 id="incidents-title">Incidents</h2>
              <a class="take-away" href="/incidents">
                All
              </a>
            </div>
            <RaisedLine raised={value.raised} />
            <IncidentList incidents={value.incidents.slice(0, 8)} lines />
          </section>
          {value.stream === null ? (
            <section class="card">
              <h2>No feed yet</h2>
              <Empty>
                Nothing has been collected. Start everything with <code>routewarden start</code>, or see it at work on a
                simulated feed with <code>npm run demo</code>.
              </Empty>
            </section>
          ) : (
            <ScoreCharts stream={value.stream} query={path.searchParams} />
          )}
        </div>
        <div>
          <section class="card" aria-labelledby="models-title">
            <div class="head">
              <h2 id="models-title">Models</h2>
              <a class="take-away" href="/models">
                All
              </a>
            </div>
            <ModelList models={value.models} collected={value.collected} live={value.live} />
          </section>
          <section class="card" aria-labelledby="services-title">
            <div class="head">
              <h2 id="services-title">Services</h2>
              <small>and their last heartbeat</small>
            </div>
            <ServiceList services={value.services} />
          </section>
        </div>
      </div>
    </>
  );
}

function VerdictCard({ overview }: { overview: Overview }) {
  const { trouble } = useConnection();
  const { verdict, collected } = overview;
  const running = overview.incidents.filter((incident) => incident.endedAt === null && !incident.ordinary);
  if (verdict === null) {
    const missing = Math.max(0, collected.needed - collected.minutes);
    if (missing === 0 || overview.models.some(({ version }) => version !== null))
      return <FirstVerdict overview={overview} />;
    return (
      <section class="card verdict waiting" aria-labelledby="verdict-title">
        <h1 id="verdict-title">Still learning</h1>
        <p>
          {span(collected.minutes * 60)} of {span(collected.needed * 60)} collected. Models are trained when the window
          is whole, in {span(missing * 60)} of feed time. {ROUTES_ALONE}
        </p>
        <Meter fraction={collected.minutes / collected.needed} label="First window collected" />
        {overview.live && (
          <p class="hint">
            Sooner: fill it from the archive with{' '}
            <code>
              routewarden backfill --stream {overview.stream ?? 'rrc00'} --days {Math.round(collected.needed / 1440)}
            </code>
            .
          </p>
        )}
      </section>
    );
  }
  const unknown = whyUnknown(overview, trouble);
  const tone = unknown !== null ? 'unknown' : verdict.anomalous ? 'alarm' : running.length > 0 ? 'warn' : 'calm';
  const headline = {
    unknown: 'The verdict is not known',
    alarm: 'Routing is anomalous',
    warn: 'An incident is still open',
    calm: 'Routing is ordinary',
  }[tone];
  return (
    <section class={`card verdict ${tone}`} aria-labelledby="verdict-title">
      <h1 id="verdict-title">{headline}</h1>
      {unknown !== null && <p>{unknown}</p>}
      {tone === 'calm' && overview.incidents[0] !== undefined && (
        <p>
          Last incident:{' '}
          <a href={`/incidents/${overview.incidents[0].id}`}>
            {incidentName(overview.incidents[0].class, overview.incidents[0].subject)},{' '}
            {shortTime(overview.incidents[0].startedAt)}
          </a>
        </p>
      )}
      {running.length > 0 && verdict.votes.every((vote) => !vote.anomalous) && (
        <p class="hint">
          The models find this minute's traffic ordinary; an incident stays open until it has been quiet for a while.
        </p>
      )}
      <p class="facts">
        {unknown !== null && 'Last known: '}Minute of {dateTime(verdict.minute)}: score <b>{amount(verdict.score)}</b>,
        threshold {amount(verdict.threshold)}
      </p>
      <Votes verdict={verdict} />
    </section>
  );
}

const ROUTES_ALONE = 'Until then routes alone open incidents: hijacks, leaks and outages.';

/** The first window is whole: models serve, or are being trained. */
function FirstVerdict({ overview }: { overview: Overview }) {
  const serving = overview.models.filter(({ version }) => version !== null).length;
  return (
    <section class="card verdict waiting" aria-labelledby="verdict-title">
      <h1 id="verdict-title">No verdict yet</h1>
      <p>
        {serving > 0
          ? `${serving} of ${overview.models.length} models serve: the first verdict comes with the next whole minute.`
          : 'The first window is whole: verdicts come once the first models are trained.'}{' '}
        {ROUTES_ALONE}
      </p>
    </section>
  );
}

/** What was ordinary when it was last looked at says nothing of now. */
function whyUnknown({ feed, verdict }: Overview, trouble: string | null): string | null {
  if (trouble !== null) return 'No answer from the server; this page shows its last answer.';
  if (feed?.stale)
    return 'The feed has fallen silent. That may be an outage, or the collector has stopped; "routewarden doctor" says what is wrong.';
  const behind = verdict === null || feed?.watermark == null ? 0 : feed.watermark - verdict.minute;
  return behind > MOST_BEHIND
    ? `The feed goes on, but the verdicts are ${span(behind / 1000)} behind it: see whether detectors and ensemble run.`
    : null;
}

function Votes({ verdict }: { verdict: Verdict }) {
  return (
    <ul class="votes">
      {verdict.votes.map((vote) => (
        <li key={vote.kind} class={vote.anomalous ? 'yes' : 'no'}>
          {modelName(vote.kind)}: {vote.anomalous ? 'anomalous' : 'ordinary'}
          {vote.anomalous && vote.words !== null && <small>{vote.words}</small>}
        </li>
      ))}
      {verdict.missing.map((kind) => (
        <li key={kind} class="missing">
          {modelName(kind)}: no vote
        </li>
      ))}
    </ul>
  );
}

function FeedCard({ overview }: { overview: Overview }) {
  const { feed, streams, stream, live } = overview;
  const open = feed?.gaps.filter((gap) => gap.healedAt === null) ?? [];
  const newest = feed?.gaps[0];
  return (
    <section class="card feed" aria-labelledby="feed-title">
      <div class="head">
        <h2 id="feed-title">Feed {streams.length < 2 && stream}</h2>
        {streams.length > 1 && (
          <label class="inline">
            <span class="hidden">Stream</span>
            <select
              value={stream ?? ''}
              onChange={(event) => go(`/?stream=${encodeURIComponent(event.currentTarget.value)}`)}
            >
              {streams.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      {feed === null ? (
        <Empty>No stream is known.</Empty>
      ) : (
        <dl>
          <div>
            <dt>State</dt>
            <dd class={live && linkWords(feed) !== 'live' ? 'bad' : ''}>{feedWords(overview)}</dd>
          </div>
          {live && (
            <div>
              <dt>Lag</dt>
              <dd class={feed.stale ? 'bad' : ''}>{feed.lagSeconds === null ? '–' : span(feed.lagSeconds)}</dd>
            </div>
          )}
          <div>
            <dt>{live ? 'Last message' : 'Feed time'}</dt>
            <dd>{feed.lastMessage === null ? 'none yet' : dateTime(feed.lastMessage)}</dd>
          </div>
          <div>
            <dt>Updates</dt>
            <dd>{feed.updatesPerMinute === null ? '–' : `${amount(feed.updatesPerMinute)} a minute`}</dd>
          </div>
          {feed.known !== null && feed.known.routes > 0 && (
            <div>
              <dt>Known</dt>
              <dd>
                {amount(feed.known.routes)} routes
                <small>
                  {amount(feed.known.prefixes)} prefixes, {amount(feed.known.paths)} paths, {amount(feed.known.peers)}{' '}
                  peers, {amount(feed.known.bytes / 1e6)} MB
                  {feed.known.evictedRoutes > 0 &&
                    `; ${amount(feed.known.evictedRoutes)} forgotten at the bound: set features.routes higher`}
                </small>
              </dd>
            </div>
          )}
          <div>
            <dt>Gaps, 30 d</dt>
            <dd>
              {feed.gaps.length === 0 ? 'none' : `${feed.gaps.length}, ${open.length} not healed`}
              {newest !== undefined && (
                <small>
                  last {shortTime(newest.since)}, {span((newest.until - newest.since) / 1000)}: {newest.reason}
                </small>
              )}
            </dd>
          </div>
        </dl>
      )}
    </section>
  );
}

function feedWords({ feed, live, replayed }: Overview): string {
  if (replayed) return 'replayed';
  return live && feed !== null ? linkWords(feed) : 'simulated feed';
}
