import type { ComparedVersion } from '../api/schema.js';

const [WIDTH, HEIGHT, EDGE] = [420, 130, 8];

/** Loss on held-back windows after each epoch, both versions on one scale; nothing where neither has epochs. */
export function LossChart({ left, right }: { left: ComparedVersion; right: ComparedVersion }) {
  const all = [...left.losses, ...right.losses];
  if (all.length === 0) return null;
  const most = Math.max(...all, 1e-9);
  const epochs = Math.max(left.losses.length, right.losses.length, 2);
  const line = (losses: readonly number[]) =>
    losses
      .map((loss, index) => {
        const x = EDGE + (index / (epochs - 1)) * (WIDTH - 2 * EDGE);
        return `${index === 0 ? 'M' : 'L'}${x} ${HEIGHT - EDGE - (loss / most) * (HEIGHT - 2 * EDGE)}`;
      })
      .join('');
  const ends = [left, right].map(
    ({ version, losses }) =>
      `version ${version}: ${losses.length === 0 ? 'not kept' : `${losses[0]!.toFixed(4)} to ${losses.at(-1)!.toFixed(4)} in ${losses.length} epochs`}`,
  );
  return (
    <figure>
      <figcaption>
        <strong>Loss on held-back minutes, by epoch</strong>
      </figcaption>
      <svg
        class="distributions"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Loss of ${ends.join('; ')}`}
      >
        <line x1={0} x2={WIDTH} y1={HEIGHT - EDGE} y2={HEIGHT - EDGE} />
        <path class="other" d={line(left.losses)} />
        <path class="current" d={line(right.losses)} />
      </svg>
      <p class="legend">
        <span class="key other" /> {ends[0]} <span class="key current" /> {ends[1]}
      </p>
    </figure>
  );
}
