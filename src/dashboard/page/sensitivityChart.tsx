import type { ModelVersion } from '../api/schema.js';
import { amount } from './words.js';

const [WIDTH, HEIGHT, EDGE] = [420, 110, 8];

/**
 * What each version found of the anomalies that its line's fixed exam injects, the oldest on the left, beside what the
 * first version of the line found: a line that falls, a little with each version, is how a baseline is moved slowly.
 */
export function SensitivityChart({ versions }: { versions: readonly ModelVersion[] }) {
  const examined = versions
    .filter(({ gate }) => gate.recall !== null && gate.firstRecall !== null)
    .sort((a, b) => a.version - b.version);
  if (examined.length < 2) return null;
  const step = (WIDTH - 2 * EDGE) / (examined.length - 1);
  const lowest = Math.min(...examined.map(({ gate }) => Math.min(gate.recall ?? 1, gate.firstRecall ?? 1)));
  const floor = Math.min(0.8, Math.floor(lowest * 10) / 10);
  const x = (index: number) => EDGE + index * step;
  const y = (recall: number | null) => EDGE + (1 - ((recall ?? 1) - floor) / (1 - floor)) * (HEIGHT - 2 * EDGE);
  const line = (value: (version: ModelVersion) => number | null) =>
    examined.map((version, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(value(version))}`).join('');
  const said = examined.map(({ version, gate }) => `${version}: ${amount(100 * (gate.recall ?? 0))} %`).join(', ');
  return (
    <figure>
      <figcaption>
        <strong>Injected anomalies found, by version</strong> beside the first of the line (filled)
      </figcaption>
      <svg class="distributions" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Found by version ${said}`}>
        <path
          class="baseline"
          d={`${line(({ gate }) => gate.firstRecall)}L${x(examined.length - 1)} ${HEIGHT}L${x(0)} ${HEIGHT}z`}
        />
        <path class="current" d={line(({ gate }) => gate.recall)} />
        {examined.map((version, index) => (
          <circle key={version.version} class="current" cx={x(index)} cy={y(version.gate.recall)} r="3">
            <title>{`version ${version.version}, ${version.state}: ${amount(100 * (version.gate.recall ?? 0))} %`}</title>
          </circle>
        ))}
      </svg>
    </figure>
  );
}
