import type { Pool } from 'pg';
import type { Minute } from '../features/row.js';
import type { FitProgress, ModelKey, ModelKind, ModelKindName } from '../models/model.js';
import type { RetrainState } from '../storage/retrainRuns.js';
import type { StreamHistory } from '../storage/streamHistory.js';
import type { RetrainPayload } from './payload.js';
import type { RetrainingSettings } from './settings.js';

/** The kinds of model that a process knows. */
export type ModelKinds = { readonly [K in ModelKindName]?: ModelKind<unknown> };

export interface TrainingRun {
  pool: Pool;
  payload: RetrainPayload;
  kinds: ModelKinds;
  settings: RetrainingSettings;
  /** A stretch of incidents that is longer is the new ordinary and is trained on, minutes. */
  incidentPatienceMinutes: number;
  /** Settings of the kinds themselves, such as trees or epochs. */
  kindSettings?: Partial<Record<string, Record<string, unknown>>>;
  /** Root of the artifact copies; null: the database alone. */
  artifactDirectory: string | null;
  /** Names this run in the history; the same for all attempts of one job, such as the job's id. */
  run: string;
  jobId?: string;
  /** Who holds the lease, such as host and process. */
  holder: string;
  codeVersion: string;
  history?: StreamHistory;
  onProgress?: (
    progress: FitProgress & { state: RetrainState; percent: number; remainingSeconds: number | null },
  ) => void;
  /** A line for the job's log. */
  onLog?: (line: string) => void;
  signal?: AbortSignal;
}

export interface TrainingResult {
  state: 'published' | 'shadow' | 'held' | 'rejected';
  modelKey: ModelKey;
  version: number;
  activeFrom: Minute | null;
  reasons: string[];
  /** Directory of the copy, for a published version. */
  directory: string | null;
}
