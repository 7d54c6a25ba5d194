import type { Question } from './confirm.js';

interface Props extends Question {
  ask: (question: Question) => void;
  plain?: boolean;
}

/** A button that asks before it acts, in the words of the act. */
export function AskButton({ ask, plain = false, ...question }: Props) {
  return (
    <button type="button" class={plain ? 'plain' : ''} onClick={() => ask(question)}>
      {question.act}
    </button>
  );
}
