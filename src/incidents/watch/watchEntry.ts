/** What the watch reads of a stream's log; times in ms since 1970. */
export interface WatchEntry {
  kind: 'updates' | 'clock' | 'gap';
  sinceMs: number;
  untilMs: number;
  payload: Uint8Array | null;
}
