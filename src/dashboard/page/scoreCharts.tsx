import { useState } from 'preact/hooks';
import type { ScoreSeries } from '../api/schema.js';
import { Chart, type Shade } from './chart.js';
import { useResource } from './resource.js';
import { Empty, Loading, Problem } from './states.js';
import { modelName, span } from './words.js';

const RANGES = [
  [3, '3 h'],
  [24, '24 h'],
  [72, '3 d'],
  [168, '7 d'],
  [720, '30 d'],
] as const;

/** The scores of the ensemble and of each model below each other, with a common cursor. */
export function ScoreCharts({ stream }: { stream: string }) {
  const [hours, setHours] = useState<number>(24);
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
            <button key={choice} type="button" aria-pressed={choice === hours} onClick={() => setHours(choice)}>
              {name}
            </button>
          ))}
        </fieldset>
      </div>
      <p class="legend">
        <span class="key line" /> anomaly score <span class="key dashed" /> threshold <span class="key dot" /> anomalous
        minute <span class="key incident" /> incident <span class="key gap" /> feed away
      </p>
      {error !== null && value === undefined && <Problem words={error} />}
      {error === null && value === undefined && <Loading />}
      {value !== undefined && <Curves series={value} />}
    </section>
  );
}

function Curves({ series }: { series: ScoreSeries }) {
  if (series.curves.every((curve) => curve.high.every((value) => value === null))) {
    return <Empty>No minute was scored in this time. Scores begin with the first trained model.</Empty>;
  }
  const shades: Shade[] = [
    ...series.gaps.map((gap) => ({ from: gap.since, until: gap.until, colour: '--gap' })),
    ...series.incidents.map((incident) => ({ from: incident.from, until: incident.until, colour: '--incident' })),
  ];
  return (
    <>
      {series.curves.map((curve) => {
        const over = curve.anomalous.reduce((sum: number, on) => sum + on, 0);
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
                label={`Scores of ${modelName(curve.name)}: ${over} of ${curve.high.length} points over the threshold`}
                times={series.times}
                values={curve.high}
                {...(series.stepMinutes > 1 && { low: curve.low })}
                threshold={curve.threshold}
                marked={curve.anomalous}
                shades={shades}
                group="scores"
                height={curve.name === 'ensemble' ? 170 : 110}
              />
            )}
          </figure>
        );
      })}
      <p class="hint">
        Times in UTC. Drag across a chart to zoom, double-click to zoom out.
        {series.stepMinutes > 1 && ` Each point holds ${span(series.stepMinutes * 60)}; lowest and highest are kept.`}
      </p>
    </>
  );
}
