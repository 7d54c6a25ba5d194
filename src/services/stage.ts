import { Pace } from './pace.js';
import type { ServiceContext } from './service.js';

const MOST_FAILURES = 20;
/** Short, since most trouble is a store that restarts. */
const LONGEST_BACKOFF_MILLISECONDS = 2_000;

export interface Stage {
  name: string;
  stream: string;
  /** Tables whose notifications wake the stage before its next poll. */
  wakeOn: string[];
  /** Whether it has nothing to do until one of them is notified: then it polls less often the longer nothing comes. */
  byRows?: boolean;
  /**
   * Reads rows after the cursor and commits output and cursor together.
   * @returns whether there may be more to do at once
   */
  step(): Promise<boolean>;
  /** Another process may have gone on meanwhile: what is in memory may be out of date. */
  forget?(): void;
}

/**
 * Runs a stage until the service ends, alone in the world for its stream. A failing step is tried again with backoff;
 * after 20 failures in a row the service fails, and its supervisor starts it afresh. A lock whose connection broke is
 * taken again.
 */
export async function runStage(context: ServiceContext, stage: Stage): Promise<void> {
  const { signal, logger } = context;
  const wake = new Wake();
  context.notifications.onNotification((table, stream) => {
    if (stream === stage.stream && stage.wakeOn.includes(table)) wake.ring();
  });
  signal.addEventListener('abort', () => wake.ring(), { once: true });
  const trouble = new Trouble(stage, logger, context.rounds);
  const pace = new Pace(context.settings.streams.length, stage.byRows === true);
  while (!signal.aborted) {
    const lost = new AbortController();
    const onLost = (error: Error) => {
      lost.abort(error);
      wake.ring();
    };
    try {
      const lock = await context.locks.take(stage.name, stage.stream, onLost, signal);
      try {
        await runHeld(stage, wake, pace, AbortSignal.any([signal, lost.signal]), trouble);
      } finally {
        await lock.release().catch((error: Error) => logger.warn({ error: error.message }, 'releasing the stage lock'));
      }
    } catch (error) {
      if (signal.aborted) return;
      await wake.wait(trouble.count(error), true);
    }
    if (lost.signal.aborted) {
      logger.warn({ stream: stage.stream }, `${stage.name}: lost its lock, taking it again`);
      stage.forget?.();
    }
  }
}

/** @throws the last step's error after too many in a row */
async function runHeld(stage: Stage, wake: Wake, pace: Pace, stop: AbortSignal, trouble: Trouble): Promise<void> {
  while (!stop.aborted) {
    try {
      const more = await stage.step();
      trouble.over();
      if (more || (await wake.wait(pace.inVain()))) pace.reset();
    } catch (error) {
      const milliseconds = trouble.count(error);
      if (!stop.aborted) await wake.wait(milliseconds, true);
    }
  }
}

/** Failures in a row of one stage. */
class Trouble {
  #failures = 0;

  constructor(
    private readonly stage: Stage,
    private readonly logger: ServiceContext['logger'],
    private readonly rounds: ServiceContext['rounds'],
  ) {}

  over(): void {
    this.#failures = 0;
    this.rounds.went(`${this.stage.name}/${this.stage.stream}`);
  }

  /** @returns milliseconds to wait before the next try; throws the error when there were too many */
  count(error: unknown): number {
    this.#failures += 1;
    this.rounds.failed(`${this.stage.name}/${this.stage.stream}`, error);
    if (this.#failures >= MOST_FAILURES) throw error;
    const { name, stream } = this.stage;
    this.logger.warn({ err: error, stream, failures: this.#failures }, `${name}: a step failed, trying again`);
    return Math.min(100 * 2 ** this.#failures, LONGEST_BACKOFF_MILLISECONDS);
  }
}

/** A bell that remembers being rung while nobody waited. */
class Wake {
  #rung = false;
  #listener: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#listener?.();
  }

  /** @returns whether it was rung */
  async wait(milliseconds: number, ignoreEarlier = false): Promise<boolean> {
    if (ignoreEarlier) this.#rung = false;
    if (!this.#rung) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, milliseconds);
        this.#listener = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    const rung = this.#rung;
    this.#listener = null;
    this.#rung = false;
    return rung;
  }
}
