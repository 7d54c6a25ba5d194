import type { RetrainPayload } from '../../queues/retrain.js';
import { Pipeline } from '../../src/demo/pipeline.js';
import type { Minute } from '../../src/features/row.js';
import type { ModelKey } from '../../src/models/model.js';
import { requestRetrain } from '../../src/retraining/request.js';
import type { Scenario } from '../../src/simulation/scenario.js';
import { AGGREGATOR } from '../../src/storage/cursors.js';
import { STREAM, type Subject } from './subject.js';

/** A training that is cut down each half minute comes to its end only after the storm. */
const PATIENCE_SECONDS = 900;
/** Slow enough for a collector to be killed meanwhile. */
const LOSSY_MESSAGES_PER_SECOND = 600;
const ARCHIVE_FILE_MINUTES = 5;
const NEXT_FILE_MILLISECONDS = 2_000;

/** Which model is retrained at the end of each live hour, counted from 1. */
export function retrainOf(hour: number): ModelKey {
  if (hour % 5 === 0) return `lstm@${STREAM}`;
  return hour % 2 === 0 ? `heuristic@${STREAM}` : `isolation_forest@${STREAM}`;
}

export function actorOf(hour: number): string {
  return `chaos hour ${hour}`;
}

export interface PlayOptions {
  /** Asked after each live hour. */
  goOn: (hours: number) => boolean;
  /** The feed does not wait for its collector: what it misses heals from the archive before the hour's models are trained. */
  withGaps?: boolean;
  say: (line: string) => void;
}

/**
 * Plays history, the first models, then hour after hour with a retraining asked for at the end of each, until `goOn`
 * says no. Time stands still at each hour until the line has caught up, so versions begin to serve at the same minutes
 * in every run, whatever happens to the processes meanwhile.
 * @returns how many live hours were played
 */
export async function play(subject: Subject, scenario: Scenario, options: PlayOptions): Promise<number> {
  const player = new Player(subject, scenario.startMinute);
  await player.playTo(scenario.liveMinute);
  subject.system.supervisor.start(['drift-monitor']);
  await player.until('the first models', async () =>
    Object.values(await player.pipeline.activations()).every((count) => count > 0),
  );
  await player.until('the first round', () => player.pipeline.checked());
  options.say('first models serve');
  let hours = 0;
  do {
    hours += 1;
    const end = scenario.liveMinute + hours * 60;
    if (options.withGaps) await player.playThrough(end);
    else await player.playTo(end);
    await player.until(`the verdicts of hour ${hours}`, () => player.pipeline.judged());
    await player.until(`the drift checks of hour ${hours}`, () => player.pipeline.checked());
    await player.retrain(hours);
    options.say(`hour ${hours}: ${retrainOf(hours)} retrained`);
  } while (options.goOn(hours) && scenario.liveMinute + (hours + 1) * 60 < scenario.endMinute);
  return hours;
}

class Player {
  readonly pipeline: Pipeline;

  constructor(
    private readonly subject: Subject,
    private readonly startMinute: Minute,
  ) {
    this.pipeline = new Pipeline(subject.pool, STREAM, new AbortController().signal);
  }

  /** An outage of the store is none of the harness's business: it asks again. */
  until(what: string, reached: () => Promise<boolean>): Promise<void> {
    return this.pipeline.until(what, PATIENCE_SECONDS, () => reached().catch(() => false));
  }

  /**
   * All minutes before `minute` and that one, which closes the last of them and no more: a drift check of the hour, and a
   * retraining that it asks for at once, see the same minutes in every run. Then everything sent is in rows.
   */
  async playTo(minute: Minute): Promise<void> {
    await this.subject.feed.playUntil(minute + 1);
    await this.until(`the rows until minute ${minute}`, () => this.stored());
  }

  /** As a live feed: it goes on whoever listens. A gap ends with the next message, and heals when the archive has its file. */
  async playThrough(minute: Minute): Promise<void> {
    const { feed } = this.subject;
    let end = minute + ARCHIVE_FILE_MINUTES;
    this.subject.feedGoesOn = true;
    await feed.playUntil(minute, { messagesPerSecond: LOSSY_MESSAGES_PER_SECOND });
    this.subject.feedGoesOn = false;
    await feed.playUntil(end);
    let playedAt = performance.now();
    await this.until(`every minute before ${minute}, healed where it was lost`, async () => {
      if (await this.whole(minute)) return true;
      if (performance.now() - playedAt < NEXT_FILE_MILLISECONDS) return false;
      end += ARCHIVE_FILE_MINUTES;
      await feed.playUntil(end);
      playedAt = performance.now();
      return false;
    });
  }

  /** Every minute before `minute` has a row that is no gap, and no stage has yet to look at one behind it. */
  private async whole(minute: Minute): Promise<boolean> {
    const { rows } = await this.subject.pool.query<{ minutes: number; late: number }>(
      `SELECT (SELECT count(*) FROM features WHERE stream = $1 AND kind <> 'gap' AND minute < to_timestamp($2::bigint * 60))::integer AS minutes,
         (SELECT count(*) FROM late_minutes WHERE stream = $1)::integer AS late`,
      [STREAM, minute],
    );
    return rows[0]!.minutes === minute - this.startMinute && rows[0]!.late === 0;
  }

  private async stored(): Promise<boolean> {
    const { rows } = await this.subject.pool.query<{ messages: number; behind: number }>(
      `SELECT coalesce(sum(b.messages), 0)::integer AS messages,
         coalesce(max(b.position), 0) - coalesce((SELECT position FROM cursors WHERE stage = $2 AND stream = $1), 0) AS behind
       FROM update_batches b WHERE b.stream = $1`,
      [STREAM, AGGREGATOR],
    );
    return rows[0]!.messages >= this.subject.feed.state.messages && rows[0]!.behind === 0;
  }

  /** Asks until the retraining has come to an end that counts; a person would do so too. */
  async retrain(hour: number): Promise<void> {
    const { pool, retrainQueue, settings } = this.subject;
    const payload: RetrainPayload = {
      modelKey: retrainOf(hour),
      trigger: { kind: 'manual', actor: actorOf(hour) },
      seed: settings.seed + hour,
    };
    await this.until(`the retraining of hour ${hour}`, async () => {
      // First whether anything is under way: what ended meanwhile must not be asked for again.
      if (!(await this.pipeline.checked())) return false;
      const { rows } = await pool.query<{ ended: boolean }>(
        `SELECT count(*) > 0 AS ended FROM model_versions WHERE metrics->'trigger'->>'actor' = $1`,
        [actorOf(hour)],
      );
      if (rows[0]!.ended) return true;
      await requestRetrain(pool, retrainQueue, payload, settings.retraining);
      return false;
    });
  }
}
