import type { Pool } from 'pg';
import type { AlertKind, AlertRequest } from '../alert.js';

/** Something that is wrong, or was lately. */
export interface Trouble {
  request: AlertRequest;
  /** Rises with each time it happens anew, such as a row's id; absent where only the state counts. */
  occurrence?: number;
  /** It has passed: told all the same when nobody was told, and then as over. */
  over?: boolean;
  /** A new occurrence is told again while the alert is open. */
  tellAgain?: boolean;
}

export interface WatchContext {
  pool: Pool;
  /** For how long facts have been looked at without a break; a silence that is longer than this may be our own. */
  steadySeconds: number;
}

/** Looks at one kind of fact in the database. All watches are equals; none writes. */
export interface AlertWatch {
  readonly kind: AlertKind;
  /** All there is of this kind now: what is open and not among them is over. Null: cannot tell yet, leave all as it is. */
  look(context: WatchContext): Promise<Trouble[] | null>;
}
