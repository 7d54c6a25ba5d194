import type { Minute } from '../features/row.js';
import type { ChurnRates } from './churn.js';
import type { ScriptedDrift, ScriptedIncident, ScriptedJoin } from './script.js';

export interface WorldOptions {
  seed: number;
  startMinute: Minute;
  incidents?: readonly ScriptedIncident[];
  drift?: readonly ScriptedDrift[];
  /** A scripted reset must not name the peers that join. */
  join?: ScriptedJoin | undefined;
  /** Average of the ordinary traffic before drift. */
  messagesPerMinute?: number;
  /** Session resets that belong to ordinary life; they are in no ground truth. */
  resetsPerWeek?: number;
  /** Lawful changes of origins, prefixes and links, in no ground truth; none by default. */
  churn?: ChurnRates;
  /** Name of the collector in every message. */
  host?: string;
}
