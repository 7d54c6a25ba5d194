import { amount, shortTime } from './words.js';

const [WIDTH, HEIGHT] = [420, 150];

interface Shape {
  /** One more than bins, rising. */
  edges: readonly number[];
  baseline: readonly number[];
  current: readonly number[];
}

/** Shares of minutes in bins, baseline against now. Without times it has no legend. */
export function DistributionChart(props: {
  title: string;
  axis: string;
  shape: Shape;
  baselineFrom?: number;
  currentFrom?: number;
}) {
  const { title, axis, shape, baselineFrom, currentFrom } = props;
  const bins = shape.edges.length - 1;
  const shares = (counts: readonly number[]) => {
    const sum = counts.reduce((total, count) => total + count, 0) || 1;
    return counts.map((count) => count / sum);
  };
  const [before, now] = [shares(shape.baseline), shares(shape.current)];
  const most = Math.max(...before, ...now, 1e-9);
  const step = WIDTH / bins;
  const line = (values: readonly number[]) =>
    values
      .map(
        (value, index) => `${index === 0 ? 'M' : 'L'}${index * step} ${HEIGHT - (value / most) * (HEIGHT - 6)}h${step}`,
      )
      .join('');
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong>
      </figcaption>
      <svg
        class="distributions"
        viewBox={`0 0 ${WIDTH} ${HEIGHT + 20}`}
        role="img"
        aria-label={`${title}: baseline and now`}
      >
        <path class="baseline" d={`M0 ${HEIGHT}L${line(before).slice(1)}V${HEIGHT}z`} />
        <path class="current" d={line(now)} />
        <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        <text x={WIDTH / 2} y={HEIGHT + 15} text-anchor="middle">
          {axis}
        </text>
        <text x={0} y={HEIGHT + 15}>
          {amount(shape.edges[0] ?? 0)}
        </text>
        <text x={WIDTH} y={HEIGHT + 15} text-anchor="end">
          {amount(shape.edges[bins] ?? 0)}
        </text>
      </svg>
      {baselineFrom !== undefined && currentFrom !== undefined && (
        <p class="legend">
          <span class="key baseline" /> baseline, from {shortTime(baselineFrom)} <span class="key current" /> now, from{' '}
          {shortTime(currentFrom)}
        </p>
      )}
    </figure>
  );
}
