import type { ScoreSeries } from '../api/schema.js';
import { Chart, type Shade, type Zoom } from './chart.js';
import { useResource } from './resource.js';
import { replace } from './route.js';
import { Empty, Loading, Problem } from './states.js';
import { modelName, shortTime, span } from './words.js';

const RANGES = [
  [3, '3 h'],
  [24, '24 h'],
  [72, '3 d'],
  [168, '7 d'],
  [720, '30 d'],
] as const;
const STANDARD = 24;

/** The scores of the ensemble and of each model below each other, with a common cursor. */
export function ScoreCharts({ stream, query }: { stream: string; query: URLSearchParams }) {
  const asked = Number(query.get('hours'));
  const hours = RANGES.find(([choice]) => choice === asked)?.[0] ?? STANDARD;
  const zoom = zoomIn(query);
  const { value, error } = useResource<ScoreSeries>(`/api/series?stream=${encodeURIComponent(stream)}&hours=${hours}`, [
    'minute',
    'incidents',
  ]);
  return (
    <section class="card scores" aria-labelledby="scores-title">
      <div class="head">
        <h2 id="scores-title">How unusual is the routing?</h2>
        <fieldset class="choices" aria-label="Time shown">
          {RANGES.map(([choice, name]) => (
            <button
              key={choice}
              type="button"
              aria-pressed={choice === hours}
              onClick={() => replace(withSpan(query, choice))}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </div>
      <p class="legend">
        <span class="key line" /> anomaly score <span class="key dashed" /> threshold <span class="key dot" /> anomalous
        minute <span class="key incident" /> incident <span class="key gap" /> feed away
      </p>
      <p class="hint">
        The score says how far a minute is from what the models learnt as ordinary. Over the dashed threshold a minute
        is anomalous. The ensemble weighs the votes of the models below it, and its anomalous minutes make incidents.
      </p>
      {error !== null && value === undefined && <Problem words={error} />}
      {error === null && value === undefined && <Loading />}
      {value !== undefined && <Curves series={value} zoom={zoom} setZoom={(next) => replace(withZoom(query, next))} />}
    </section>
  );
}

/** From and until in the address, milliseconds; null: the whole span. */
function zoomIn(query: URLSearchParams): Zoom | null {
  const [from, until] = [Date.parse(query.get('from') ?? ''), Date.parse(query.get('until') ?? '')];
  return from < until ? { from, until } : null;
}

function withSpan(query: URLSearchParams, hours: number): string {
  const next = new URLSearchParams(query);
  for (const name of ['from', 'until']) next.delete(name);
  if (hours === STANDARD) next.delete('hours');
  else next.set('hours', String(hours));
  return address(next);
}

function withZoom(query: URLSearchParams, zoom: Zoom | null): string {
  const next = new URLSearchParams(query);
  for (const name of ['from', 'until'] as const) {
    if (zoom === null) next.delete(name);
    else next.set(name, `${new Date(zoom[name]).toISOString().slice(0, 16)}Z`);
  }
  return address(next);
}

const address = (query: URLSearchParams): string => (query.size === 0 ? '/' : `/?${query}`);

function Curves(props: { series: ScoreSeries; zoom: Zoom | null; setZoom: (zoom: Zoom | null) => void }) {
  const { series, zoom, setZoom } = props;
  if (series.curves.every((curve) => curve.high.every((value) => value === null))) {
    return <Empty>No minute was scored in this time. Scores begin with the first trained model.</Empty>;
  }
  const begin = firstScored(series);
  const times = series.times.slice(begin);
  const shades: Shade[] = [
    ...series.gaps.map((gap) => ({ from: gap.since, until: gap.until, colour: '--gap' })),
    ...series.incidents.map((incident) => ({ from: incident.from, until: incident.until, colour: '--incident' })),
  ];
  return (
    <>
      {series.curves.map((curve) => {
        const anomalous = curve.anomalous.slice(begin);
        const over = anomalous.reduce((sum: number, on) => sum + on, 0);
        const empty = curve.high.every((value) => value === null);
        return (
          <figure key={curve.name} class={curve.name === 'ensemble' ? 'first' : ''}>
            <figcaption>
              <strong>{modelName(curve.name)}</strong>
              <span class="reading" />
            </figcaption>
            {empty ? (
              <Empty>No scores yet from this model.</Empty>
            ) : (
              <Chart
                label={`Scores of ${modelName(curve.name)}: ${over} of ${times.length} points over the threshold`}
                times={times}
                values={curve.high.slice(begin)}
                {...(series.stepMinutes > 1 && { low: curve.low.slice(begin) })}
                threshold={curve.threshold.slice(begin)}
                marked={anomalous}
                shades={shades}
                group="scores"
                zoom={zoom}
                onZoom={setZoom}
                height={curve.name === 'ensemble' ? 170 : 110}
              />
            )}
          </figure>
        );
      })}
      <p class="hint">
        {begin > 0 && `Nothing was scored before ${shortTime(times[0] ?? 0)}. `}Times in UTC. Drag across a chart to
        zoom, double-click to zoom out.
        {series.stepMinutes > 1 && ` Each point holds ${span(series.stepMinutes * 60)}; lowest and highest are kept.`}
      </p>
    </>
  );
}

/** Where the curves begin, when that is late in the time asked for: an empty half would make the rest too small to read. */
function firstScored({ curves, times }: ScoreSeries): number {
  const first = Math.min(
    ...curves.map((curve) => curve.high.findIndex((value) => value !== null)).filter((index) => index >= 0),
  );
  return Number.isFinite(first) && first > times.length / 4 ? first : 0;
}
