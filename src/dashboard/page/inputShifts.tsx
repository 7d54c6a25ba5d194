import type { DriftDetail } from '../api/schema.js';
import { DistributionChart } from './distributionChart.js';
import { useResource } from './resource.js';
import { Problem } from './states.js';
import { amount } from './words.js';

/** How each input lay in the baseline and lies now, those that changed most first. */
export function InputShifts({ id }: { id: number }) {
  const { value, error } = useResource<DriftDetail>(`/api/drift/${id}`, []);
  if (error !== null) return <Problem words={error} />;
  const drawn = value?.features.filter(({ distribution }) => distribution !== null) ?? [];
  if (drawn.length === 0) return null;
  return (
    <details>
      <summary>
        Inputs then and now:{' '}
        {drawn
          .map(({ label }) => label)
          .slice(0, 3)
          .join(', ')}
      </summary>
      <div class="shifts">
        {drawn.map(
          ({ name, label, unit, words, before, now, distribution }) =>
            distribution !== null && (
              <div key={name}>
                <DistributionChart title={`${label}: ${words}`} axis={unit} shape={distribution} />
                <p class="hint">
                  mean {amount(before)}, now {amount(now)}
                </p>
              </div>
            ),
        )}
      </div>
    </details>
  );
}
