import { useState } from 'preact/hooks';
import { LONGEST_TEXT } from '../../acts/limits.js';
import type { Incident } from '../api/schema.js';
import { call } from './resource.js';
import { Problem } from './states.js';
import { dateTime } from './words.js';

/** What people said of an incident, oldest first, and a field to add to it. */
export function IncidentThread(props: { incident: Incident; canChange: boolean; changed: () => void }) {
  const { incident, canChange, changed } = props;
  const [error, setError] = useState<string | null>(null);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get('text'));
    try {
      await call(`/api/incidents/${incident.id}/comment`, { text });
      form.reset();
      setError(null);
      changed();
    } catch (problem) {
      setError((problem as Error).message);
    }
  };
  if (!canChange && incident.comments.length === 0) return null;
  return (
    <section class="card" aria-labelledby="comments">
      <h2 id="comments">Comments</h2>
      {incident.comments.length > 0 && (
        <ol class="thread">
          {incident.comments.map(({ at, author, text }) => (
            <li key={`${at}${text}`}>
              <p class="facts">
                {author}, {dateTime(at)}
              </p>
              <p>{text}</p>
            </li>
          ))}
        </ol>
      )}
      {error !== null && <Problem words={error} />}
      {canChange && (
        <form onSubmit={(event) => void add(event)}>
          <label>
            New comment
            <textarea name="text" rows={2} maxLength={LONGEST_TEXT} required />
          </label>
          <div class="buttons">
            <button type="submit">Comment</button>
          </div>
        </form>
      )}
    </section>
  );
}
