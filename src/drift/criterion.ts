/** One readable threshold, as judged. */
export interface Criterion {
  name: string;
  baseline: number;
  current: number;
  /** Relative change, or the index itself for input features. */
  change: number;
  limit: number;
  exceeded: boolean;
  /** log evidence of the guard for it, and what was needed */
  evidence: number;
  needed: number;
  words: string;
}
