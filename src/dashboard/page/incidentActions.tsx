import { useState } from 'preact/hooks';
import { LONGEST_NAME, LONGEST_TEXT } from '../../acts/limits.js';
import type { Incident } from '../api/schema.js';
import { Confirm, type Question } from './confirm.js';
import { call } from './resource.js';
import { SilenceForm } from './silenceForm.js';
import { Problem } from './states.js';

/** What an operator can say about an incident. */
export function IncidentActions(props: { incident: Incident; canChange: boolean; changed: () => void }) {
  const { incident, canChange, changed } = props;
  const [question, setQuestion] = useState<Question | null>(null);
  const [editing, setEditing] = useState(false);
  const [assigning, setAssigning] = useState(false);
  const [silencing, setSilencing] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const path = `/api/incidents/${incident.id}`;
  const send = async (action: string, body: object) => {
    await call(`${path}/${action}`, body);
    changed();
  };
  const attempt = (work: Promise<void>) =>
    work.then(
      () => setError(null),
      (problem: Error) => setError(problem.message),
    );
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = new FormData(event.currentTarget as HTMLFormElement).get('note');
    await attempt(send('note', { text: String(text) }).then(() => setEditing(false)));
  };
  return (
    <>
      {incident.acknowledgedBy !== null && (
        <p class="facts">
          Acknowledged by {incident.acknowledgedBy}. No notices when it grows, unless its severity rises.
        </p>
      )}
      {incident.assignedTo !== null && <p class="facts">Assigned to {incident.assignedTo}.</p>}
      {incident.note !== null && !editing && <blockquote>{incident.note}</blockquote>}
      {error !== null && <Problem words={error} />}
      {editing && (
        <form onSubmit={(event) => void save(event)}>
          <label>
            Note
            <textarea name="note" rows={3} maxLength={LONGEST_TEXT} defaultValue={incident.note ?? ''} />
          </label>
          <div class="buttons">
            <button type="button" class="plain" onClick={() => setEditing(false)}>
              Leave it
            </button>
            <button type="submit">Save note</button>
          </div>
        </form>
      )}
      {assigning && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const to = String(new FormData(event.currentTarget).get('to')).trim();
            void attempt(send('assign', { to: to === '' ? null : to }).then(() => setAssigning(false)));
          }}
        >
          <label>
            Who looks after it
            <input name="to" maxLength={LONGEST_NAME} defaultValue={incident.assignedTo ?? ''} />
          </label>
          <p class="hint">A person or a team; empty gives it back to everybody.</p>
          <div class="buttons">
            <button type="button" class="plain" onClick={() => setAssigning(false)}>
              Leave it
            </button>
            <button type="submit">Assign</button>
          </div>
        </form>
      )}
      {canChange ? (
        <div class="buttons">
          {incident.acknowledgedBy === null ? (
            <button type="button" onClick={() => void attempt(send('acknowledge', {}))}>
              Acknowledge
            </button>
          ) : (
            <button type="button" class="plain" onClick={() => void attempt(send('unacknowledge', {}))}>
              Take the acknowledgement back
            </button>
          )}
          <button type="button" class="plain" onClick={() => setAssigning(true)}>
            {incident.assignedTo === null ? 'Assign' : 'Assign anew'}
          </button>
          <button type="button" class="plain" onClick={() => setSilencing(true)}>
            Silence
          </button>
          {!editing && (
            <button type="button" class="plain" onClick={() => setEditing(true)}>
              {incident.note === null ? 'Add a note' : 'Change the note'}
            </button>
          )}
          <button
            type="button"
            class="plain"
            onClick={() =>
              setQuestion({
                title: incident.ordinary ? 'Not ordinary after all?' : 'Was this ordinary?',
                words: incident.ordinary
                  ? 'Its minutes will again be left out when models are trained.'
                  : 'Its minutes will be given to the models to train on, so that the like is not flagged again.',
                act: incident.ordinary ? 'It was an incident' : 'This was ordinary',
                run: () => send('ordinary', { ordinary: !incident.ordinary }),
              })
            }
          >
            {incident.ordinary ? 'It was an incident' : 'This was ordinary'}
          </button>
        </div>
      ) : (
        <p class="hint">You are signed in read-only: acknowledging and notes need the operator's token.</p>
      )}
      {silencing && <SilenceForm incident={incident} close={() => setSilencing(false)} />}
      {question !== null && <Confirm question={question} close={() => setQuestion(null)} />}
    </>
  );
}
