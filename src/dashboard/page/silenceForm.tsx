import { useEffect, useRef, useState } from 'preact/hooks';
import type { Incident } from '../api/schema.js';
import { call } from './resource.js';
import { Problem } from './states.js';
import { className } from './words.js';

const HOUR = 3_600_000;
const SPANS: [string, number][] = [
  ['1 hour', HOUR],
  ['4 hours', 4 * HOUR],
  ['1 day', 24 * HOUR],
  ['7 days', 168 * HOUR],
];

/** Asks what is to be silenced, for how long, and why: begun from an incident, whose fields are offered. */
export function SilenceForm({ incident, close }: { incident: Incident; close: () => void }) {
  const dialogue = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [until, setUntil] = useState<number | null>(null);
  useEffect(() => dialogue.current?.showModal(), []);
  const prefix = incident.prefixes[0]?.name;
  const network = /^AS\d+$/.test(incident.subject) ? incident.subject : undefined;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const end = Date.now() + Number(given.get('span'));
    const request = {
      ...(given.get('prefix') !== null && { prefix }),
      ...(given.get('network') !== null && { asNumber: Number(network?.slice(2)) }),
      ...(given.get('class') !== null && { class: incident.class }),
      ...(given.get('stream') !== null && { stream: incident.stream }),
      endsAt: new Date(end).toISOString(),
      reason: String(given.get('reason')),
    };
    try {
      await call('/api/silences', request);
      setUntil(end);
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem));
    }
  };
  return (
    <dialog ref={dialogue} onClose={close} aria-labelledby="silence">
      <h2 id="silence">Silence</h2>
      {until !== null ? (
        <>
          <p>No notices until {new Date(until).toISOString().slice(0, 16).replace('T', ' ')} UTC.</p>
          <div class="buttons">
            <button type="button" onClick={close}>
              Good
            </button>
          </div>
        </>
      ) : (
        <form onSubmit={(event) => void save(event)}>
          <p>Incidents are still found and listed; no notices are sent for those that match all that is ticked.</p>
          <fieldset>
            <legend>What</legend>
            {prefix !== undefined && <Tick name="prefix" words={`Prefixes inside ${prefix}`} ticked />}
            {network !== undefined && <Tick name="network" words={`By ${network}`} ticked={prefix === undefined} />}
            <Tick name="class" words={className(incident.class)} />
            <Tick name="stream" words={`On stream ${incident.stream}`} />
          </fieldset>
          <label>
            For how long
            <select name="span">
              {SPANS.map(([words, span]) => (
                <option key={span} value={span}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <label>
            Why
            <input name="reason" required maxLength={500} />
          </label>
          {error !== null && <Problem words={error} />}
          <div class="buttons">
            <button type="button" class="plain" onClick={close}>
              Leave it
            </button>
            <button type="submit">Silence it</button>
          </div>
        </form>
      )}
    </dialog>
  );
}

function Tick({ name, words, ticked = false }: { name: string; words: string; ticked?: boolean }) {
  return (
    <label class="tick">
      <input type="checkbox" name={name} defaultChecked={ticked} /> {words}
    </label>
  );
}
