import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './states.js';

export interface Question {
  title: string;
  words: string;
  /** What the button says, such as "Roll back". */
  act: string;
  run: () => Promise<unknown>;
}

/** Asks before something is changed; the browser's dialogue element keeps the focus inside and closes on Escape. */
export function Confirm({ question, close }: { question: Question; close: () => void }) {
  const dialogue = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => dialogue.current?.showModal(), []);
  const act = async () => {
    setBusy(true);
    try {
      await question.run();
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
      {error !== null && <Problem words={error} />}
      <div class="buttons">
        <button type="button" class="plain" onClick={close}>
          Leave it
        </button>
        <button type="button" disabled={busy} onClick={() => void act()}>
          {question.act}
        </button>
      </div>
    </dialog>
  );
}
