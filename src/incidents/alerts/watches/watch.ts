import type { Pool } from 'pg';
import type { AlertKind, AlertRequest } from '../alert.js';

/** Something that is wrong, or was lately. */
export interface Trouble {
  request: AlertRequest;
  /** Rises with each time it happens anew, such as a row's id; absent where only the state counts. */
  occurrence?: number;
  /** It has passed: raised all the same when no alert was, and then as over. */
  over?: boolean;
  /** A new occurrence is raised again while the alert is open. */
  tellAgain?: boolean;
}

export interface WatchContext {
  pool: Pool;
  /** For how long facts have been looked at without a break; a silence that is longer than this may be our own. */
  steadySeconds: number;
}

/** What one look has found. */
export interface Seen {
  troubles: Trouble[];
  /** Why rows could not be raised: the others are raised all the same. */
  bad: string[];
}

/** Reports each row by itself, so that one that cannot be read hides none of the others. */
export function seenOf<Row>(rows: readonly Row[], tell: (row: Row) => Trouble): Seen {
  const seen: Seen = { troubles: [], bad: [] };
  for (const row of rows) {
    try {
      seen.troubles.push(tell(row));
    } catch (error) {
      seen.bad.push(`${(error as Error).message} (row ${JSON.stringify(row).slice(0, 200)})`);
    }
  }
  return seen;
}

/** Looks at one kind of fact in the database. All watches are equals; none writes. */
export interface AlertWatch {
  readonly kind: AlertKind;
  /** All there is of this kind now: what is open and not among them is over. Null: not known yet, leave all as it is. */
  look(context: WatchContext): Promise<Seen | null>;
}
