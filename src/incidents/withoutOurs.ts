import type { Minute } from '../features/row.js';
import type { MinuteInput } from './minuteInput.js';
import type { WatchList } from './watchList.js';

/**
 * From the minute on in which the watch began to read the log, the operator's own routes are its business alone.
 *
 * @param since null while it has not begun
 */
export function withoutOurs(input: MinuteInput, since: Minute | null, watchList: WatchList): MinuteInput {
  if (since === null || input.minute < since || input.evidence === null) return input;
  return { ...input, evidence: watchList.withoutOurs(input.evidence) };
}
