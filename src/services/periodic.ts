import type { Logger } from 'pino';
import type { Rounds } from './rounds.js';

/** A round that has not ended for so long counts as failing: nobody would notice otherwise. */
const LONGEST_ROUND_MILLISECONDS = 300_000;

export interface PeriodicWork {
  /** How it is called in `doctor`, alerts and the log. */
  what: string;
  milliseconds: number;
  round: () => Promise<unknown>;
  /** Longer is a round that hangs, milliseconds; five minutes unless given. */
  longest?: number;
}

/**
 * Does a piece of work again and again, one round at a time. A round that fails, or does not end, is counted where alerts and
 * `doctor` see it; the first failure in a row is logged, and each that says something else.
 * @returns ends it; a round that is under way goes on to its end
 */
export function periodically(
  { what, milliseconds, round, longest = LONGEST_ROUND_MILLISECONDS }: PeriodicWork,
  { rounds, logger }: { rounds: Pick<Rounds, 'failed' | 'went'>; logger: Pick<Logger, 'warn'> },
): () => void {
  let begunAt: number | null = null;
  let said: string | null = null;
  const timer = setInterval(() => {
    if (begunAt !== null) {
      const seconds = Math.round((performance.now() - begunAt) / 1000);
      if (seconds * 1000 >= longest) rounds.failed(what, new Error(`a round has not ended for ${seconds} s`));
      return;
    }
    begunAt = performance.now();
    round()
      .then(
        () => {
          said = null;
          rounds.went(what);
        },
        (error: Error) => {
          rounds.failed(what, error);
          if (said === error.message) return;
          said = error.message;
          logger.warn({ error: error.message }, `${what} failed, and is tried again`);
        },
      )
      .finally(() => {
        begunAt = null;
      });
  }, milliseconds);
  return () => clearInterval(timer);
}
