import type { Pool } from 'pg';
import { remindOf } from '../../storage/alerts.js';
import { storeIsAway } from '../../storage/storeAway.js';
import type { AlertOutbox } from './outbox.js';
import { reconcileAlerts } from './raise.js';
import type { AlertWatch } from './watches/watch.js';

export interface AlertStepOptions {
  pool: Pool;
  watches: readonly AlertWatch[];
  outbox: AlertOutbox;
  now: () => Date;
  /** After so long what is still open is sent again; 0: never. */
  remindMinutes: number;
  /** How often facts are looked at, seconds. */
  lookSeconds: number;
  log: { info(context: object, message: string): void; warn(context: object, message: string): void };
  /** Hears of each watch whether its look went well. */
  rounds: { failed(what: string, error: unknown): void; went(what: string): void };
}

/**
 * One step of the alerter: raises and resolves what the watches see when it is time, then delivers what is due. All it
 * must remember is in the table `alerts`. Only one may run, as the stage's lock provides.
 */
export class AlertStep {
  #tookOver = false;
  #lookedAt: number | null = null;
  /** Since when looks have followed each other without a break. */
  #steadySince: number | null = null;
  /** The newest error of each watch that was logged. */
  readonly #said = new Map<string, string>();

  constructor(private readonly options: AlertStepOptions) {}

  /** @returns whether there may be more to deliver at once; rejects for the database's fault only */
  async step(): Promise<boolean> {
    const { now, lookSeconds, outbox } = this.options;
    if (!this.#tookOver) {
      await outbox.takeOver();
      this.#tookOver = true;
    }
    const at = now().getTime();
    // A clock that was set back would keep the watches from looking until it has caught up.
    if (this.#lookedAt === null || at < this.#lookedAt || at - this.#lookedAt >= lookSeconds * 1000)
      await this.#look(at);
    try {
      const { sent, failed } = await outbox.deliverDue();
      return sent > 0 && failed === 0;
    } catch (error) {
      // What was claimed when the database went away is not to wait until the claim runs out.
      this.forget();
      throw error;
    }
  }

  /** Another alerter may have been at work meanwhile, or a round broke off: claims of before are freed first. */
  forget(): void {
    this.#tookOver = false;
  }

  async #look(at: number): Promise<void> {
    const { pool, watches, lookSeconds, log, rounds } = this.options;
    // A machine that slept, or a database that was away: what seems silent was perhaps not to be heard.
    const broken = this.#lookedAt === null || at < this.#lookedAt || at - this.#lookedAt > (lookSeconds + 30) * 1000;
    if (broken || this.#steadySince === null) this.#steadySince = at;
    const steadySeconds = (at - this.#steadySince) / 1000;
    this.#lookedAt = at;
    const { remindMinutes } = this.options;
    if (remindMinutes > 0) await remindOf(pool, remindMinutes, new Date(at));
    for (const watch of watches) {
      const what = `watch ${watch.kind}`;
      try {
        const seen = await watch.look({ pool, steadySeconds });
        if (seen === null) continue;
        const { raised, resolved, bad } = await reconcileAlerts(pool, watch.kind, seen, new Date(at));
        if (raised + resolved > 0) log.info({ kind: watch.kind, raised, resolved }, 'alerts');
        if (bad.length === 0) rounds.went(what);
        else this.#failed(what, new Error(`${bad.length} rows could not be judged, such as ${bad[0]}`));
      } catch (error) {
        // Without the database no watch can look; what fails for another reason keeps none of the others from looking.
        if (!storeIsAway(error)) {
          this.#failed(what, error);
          continue;
        }
        this.#steadySince = null;
        throw error;
      }
    }
  }

  /** Logged at the first failure in a row, and counted at each. */
  #failed(what: string, error: unknown): void {
    const { rounds, log } = this.options;
    rounds.failed(what, error);
    const text = error instanceof Error ? error.message : String(error);
    if (this.#said.get(what) === text) return;
    this.#said.set(what, text);
    log.warn({ error: text }, `${what} fails; the other watches go on`);
  }
}
