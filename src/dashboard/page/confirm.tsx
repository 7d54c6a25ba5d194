import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './states.js';

export interface Question {
  title: string;
  words: string;
  /** What the button says, such as "Roll back". */
  act: string;
  /** Given what was typed, where `reason` asks for it. */
  run: (reason: string) => Promise<unknown>;
  /** Label of a field that must be filled in. */
  reason?: string;
}

/** Asks before something is changed; the browser's dialogue element keeps the focus inside and closes on Escape. */
export function Confirm({ question, close }: { question: Question; close: () => void }) {
  const dialogue = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<string | null>(null);
  useEffect(() => dialogue.current?.showModal(), []);
  const act = async () => {
    setBusy(true);
    try {
      await question.run(reason.trim());
      close();
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialogue} onClose={close} aria-labelledby="question">
      <h2 id="question">{question.title}</h2>
      <p>{question.words}</p>
      {question.reason !== undefined && (
        <label>
          {question.reason}
          <input
            type="text"
            value={reason}
            maxLength={1000}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
      )}
      {error !== null && <Problem words={error} />}
      <div class="buttons">
        <button type="button" class="plain" onClick={close}>
          Leave it
        </button>
        <button
          type="button"
          disabled={busy || (question.reason !== undefined && reason.trim() === '')}
          onClick={() => void act()}
        >
          {question.act}
        </button>
      </div>
    </dialog>
  );
}
