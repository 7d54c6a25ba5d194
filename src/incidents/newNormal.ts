/** What speaks for a change that stays, and what for an event that passes. */
export interface NewNormal {
  /** Whether it looks like one. */
  likely: boolean;
  /** Peers that came or went carry the change: known at once, before it has lasted. */
  explained: boolean;
  /** Level in times of the ordinary; 1 while there is nothing to compare. */
  factor: number;
  hours: number;
  came: number;
  gone: number;
  /** In words with numbers. */
  speaksFor: string[];
  speaksAgainst: string[];
}
