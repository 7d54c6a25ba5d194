import { StageLock } from '../storage/stageLock.js';
import type { ServiceContext } from './service.js';

const POLL_MILLISECONDS = 500;
const MOST_FAILURES = 20;

export interface Stage {
  name: string;
  stream: string;
  /** Tables whose notifications wake the stage before its next poll. */
  wakeOn: string[];
  /**
   * Reads rows after the cursor and commits output and cursor together.
   * @returns whether there may be more to do at once
   */
  step(): Promise<boolean>;
}

/**
 * Runs a stage until the service ends, alone in the world for its stream. A failing step is tried again with backoff;
 * after 20 failures in a row the service fails, and its supervisor starts it afresh.
 */
export async function runStage(context: ServiceContext, stage: Stage): Promise<void> {
  const { signal, logger } = context;
  const lost = new AbortController();
  const lock = await StageLock.take(context.databaseUrl, stage.name, stage.stream, (error) => lost.abort(error));
  const wake = new Wake();
  context.notifications.onNotification((table, stream) => {
    if (stream === stage.stream && stage.wakeOn.includes(table)) wake.ring();
  });
  signal.addEventListener('abort', () => wake.ring(), { once: true });
  let failures = 0;
  try {
    while (!signal.aborted) {
      if (lost.signal.aborted) throw new Error(`lost the lock of stage ${stage.name}: ${String(lost.signal.reason)}`);
      let more = false;
      try {
        more = await stage.step();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures >= MOST_FAILURES) throw error;
        logger.warn({ err: error, stream: stage.stream, failures }, `${stage.name}: a step failed, trying again`);
        await wake.wait(Math.min(100 * 2 ** failures, 10_000), true);
      }
      if (!more && failures === 0) await wake.wait(POLL_MILLISECONDS);
    }
  } finally {
    await lock.release().catch((error: Error) => logger.warn({ error: error.message }, 'releasing the stage lock'));
  }
}

/** A bell that remembers being rung while nobody waited. */
class Wake {
  private rung = false;
  private listener: (() => void) | null = null;

  ring(): void {
    this.rung = true;
    this.listener?.();
  }

  async wait(milliseconds: number, ignoreEarlier = false): Promise<void> {
    if (ignoreEarlier) this.rung = false;
    if (!this.rung) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, milliseconds);
        this.listener = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    this.listener = null;
    this.rung = false;
  }
}
