import { useState } from 'preact/hooks';
import type { SilenceRow } from '../api/schema.js';
import { call, useResource } from './resource.js';
import { Empty, Loading, Problem } from './states.js';
import { className, dateTime } from './words.js';

/** Silences and maintenance windows that have not ended, each with a button that ends it. */
export function SilencesCard({ canChange }: { canChange: boolean }) {
  const { value, error, reload } = useResource<SilenceRow[]>('/api/silences', ['incidents']);
  const [fault, setFault] = useState<string | null>(null);
  const end = (id: number) =>
    call(`/api/silences/${id}/end`, {}).then(reload, (problem: Error) => setFault(problem.message));
  return (
    <section class="card" aria-labelledby="silences">
      <h2 id="silences">Silences and maintenance</h2>
      {fault !== null && <Problem words={fault} />}
      {value === undefined && (error === null ? <Loading /> : <Problem words={error} />)}
      {value?.length === 0 && (
        <Empty>
          None. An incident's page has a button for one, and <code>routewarden silences add</code> makes those of the
          future.
        </Empty>
      )}
      <ul class="silences">
        {value?.map((silence) => (
          <li key={silence.id}>
            <span>
              <strong>{scopeOf(silence)}</strong> until {dateTime(silence.endsAt)}
              {silence.startsAt > Date.now() && `, from ${dateTime(silence.startsAt)}`}: {silence.reason} (
              {silence.actor})
            </span>
            {canChange && (
              <button type="button" class="plain" onClick={() => void end(silence.id)}>
                End it
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function scopeOf({ prefix, asNumber, class: name, stream }: SilenceRow): string {
  return [
    prefix,
    asNumber === null ? null : `AS${asNumber}`,
    name === null ? null : className(name),
    stream === null ? null : `stream ${stream}`,
  ]
    .filter((part) => part !== null)
    .join(', ');
}
