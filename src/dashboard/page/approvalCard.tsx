import type { ModelRow } from '../api/schema.js';
import { AskButton } from './askButton.js';
import type { Question } from './confirm.js';
import { dateTime, ended, sentence } from './words.js';

interface Props {
  approval: NonNullable<ModelRow['approval']>;
  /** The model, in words. */
  name: string;
  canChange: boolean;
  ask: (question: Question) => void;
  send: (action: string, body?: object) => Promise<void>;
}

/** A retraining that waits for a person. */
export function ApprovalCard({ approval, name, canChange, ask, send }: Props) {
  const outcome = approval.onExpiry === 'approve' ? 'approved' : 'declined';
  return (
    <section class="card" aria-labelledby="approval">
      <h2 id="approval">Retraining asked for</h2>
      <p>{sentence(ended(approval.reason))}</p>
      <p class="hint">
        Asked for at {dateTime(approval.requestedAt)}. If nobody decides until {dateTime(approval.expiresAt)}, it is{' '}
        {outcome}. The drift report is below.
      </p>
      {canChange && (
        <div class="buttons">
          <AskButton
            ask={ask}
            title={`Approve the retraining of ${name}?`}
            words="A new version is trained now. It serves only if it passes the validation gate."
            act="Approve"
            run={() => send('approve')}
          />
          <AskButton
            ask={ask}
            plain
            title={`Decline the retraining of ${name}?`}
            words="The version that serves goes on. It is asked for again after the cool-down if the drift lasts."
            act="Decline"
            reason="Reason"
            run={(reason) => send('decline', { reason })}
          />
        </div>
      )}
    </section>
  );
}
