import type { Minute } from '../features/row.js';
import type { Adaptation } from './adaptation.js';
import type { ValidityOf } from './evidence.js';
import type { Incident } from './incident.js';
import type { MinuteInput } from './minuteInput.js';
import type { AsRelations } from './relations/asRelations.js';
import type { IncidentSettings } from './settings.js';
import type { WatchList } from './watchList.js';

/** How far correlation of one stream is; every part can be read back from the database. */
export interface CorrelatorState {
  stream: string;
  /** At most one for each subject, in the order in which they began. */
  open: readonly Incident[];
  /** The rows of the last `recentMinutes(settings)` minutes, in order. */
  recent: MinuteInput[];
  /** By subject, when its last incident ended: what led to that must not count twice. Those of the last minutes suffice. */
  ends: Readonly<Record<string, Minute>>;
  /** Starts of the incidents of the last day that evidence alone opened. */
  evidenceStarts: Minute[];
  /** Starts of those of the last day that doubtful claims opened, which are not among these. */
  doubtfulStarts: Minute[];
  /** The incident that lasted longest allowed and whose level still runs: its minutes open no other. */
  accepted: Incident | null;
}

export interface CorrelatorContext {
  settings: IncidentSettings;
  watchList: WatchList;
  validityOf: ValidityOf;
  /** Versions trained for a lasting change, in the order in which they began to serve. */
  adaptations?: readonly Adaptation[];
  /** AS relations as given in a file; without them the stream's own knowledge decides. */
  relations?: AsRelations | undefined;
}
