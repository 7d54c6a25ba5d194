import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { RetrainPayload } from '../../queues/retrain.js';
import type { Settings } from '../config/settings.js';
import { checkDrift } from '../drift/check.js';
import { STEP_LOOK_BACK, youngStep } from '../drift/regimeStep.js';
import { UNSETTLED_MINUTES } from '../drift/runaway.js';
import { FEATURES } from '../features/catalogue.js';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { MODEL_KINDS, type ModelKey } from '../models/model.js';
import { modelKey, parseModelKey } from '../models/modelKey.js';
import { firstActivation } from '../storage/activationOrder.js';
import { currentActivation, currentActivations } from '../storage/activations.js';
import { readCursor, writeCursor } from '../storage/cursors.js';
import { collectedMinutes, watermark } from '../storage/features.js';
import { versionById } from '../storage/modelVersions.js';
import { wasAskedFor } from '../storage/retrainRuns.js';
import { anomalyCount } from '../storage/scores.js';
import { storeIsAway } from '../storage/storeAway.js';
import { streamHistory } from '../storage/streamHistory.js';
import { eachAlone } from './eachAlone.js';
import { dueGrowth, regimeMetrics } from './growth.js';
import { requestRetrain } from './request.js';

/** The stage whose cursor is the last event hour that was checked for all models of a stream. */
export const DRIFT_MONITOR = 'drift-monitor';

export interface DriftMonitorOptions {
  pool: Pool;
  queue: Queue<RetrainPayload>;
  settings: Settings;
  logger: Logger;
}

export interface DriftRound {
  checks: number;
  drifted: number;
  requested: number;
}

/** Most event hours of a stream that one beat judges: after a longer pause the newest of them. */
const MOST_HOURS = 31 * 24;
const HOUR = 60;

/**
 * Checks every model of every stream for each whole event hour that passed since the last beat, in order and each once,
 * and asks for what must be trained. Event time may run faster than the beats, as in a replay, or have gone on while no
 * monitor ran.
 */
export class DriftMonitor {
  constructor(private readonly options: DriftMonitorOptions) {}

  /** @throws Error that names each model whose check failed, after those of all others */
  async check(): Promise<DriftRound> {
    const round: DriftRound = { checks: 0, drifted: 0, requested: 0 };
    const { streams } = this.options.settings;
    await eachAlone(
      streams,
      ({ name }) => name,
      ({ name }) => this.#checkStream(name, round),
    );
    round.requested += await this.askForFirst();
    return round;
  }

  /**
   * Asks for a version of each model that serves none, where its stream has a whole first window.
   * @returns how many were asked for
   * @throws Error that names each stream that could not be looked at, after all others
   */
  async askForFirst(): Promise<number> {
    const { pool, settings } = this.options;
    const keysOf = (stream: string) => MODEL_KINDS.map((kind) => modelKey(kind, stream));
    const keys = settings.streams.flatMap(({ name }) => keysOf(name));
    const served = new Set((await currentActivations(pool, keys)).map((activation) => activation.modelKey));
    const round = { requested: 0 };
    await eachAlone(
      settings.streams,
      ({ name }) => name,
      async ({ name }) => {
        const waiting = keysOf(name).filter((key) => !served.has(key));
        if (waiting.length === 0 || !(await this.#firstWindowIsComplete(name))) return;
        for (const key of waiting)
          await this.#request({ modelKey: key, trigger: { kind: 'first' }, seed: settings.seed }, round, false);
      },
    );
    return round.requested;
  }

  async #checkStream(stream: string, round: DriftRound): Promise<void> {
    const newest = await watermark(this.options.pool, stream);
    if (newest === null) return;
    const last = newest + 1 - ((newest + 1) % HOUR);
    let fault: unknown = null;
    for (let windowEnd = await this.#firstHour(stream, last); windowEnd <= last; windowEnd += HOUR) {
      const shared = new Map();
      const hour = { windowEnd, isNewest: windowEnd === last };
      await eachAlone(
        MODEL_KINDS,
        (kind) => modelKey(kind, stream),
        (kind) => this.#checkModel(modelKey(kind, stream), stream, hour, shared, round),
      ).catch((error: unknown) => {
        if (storeIsAway(error)) throw error;
        fault ??= error;
      });
      // The hour of a check that failed comes again; what went well in it and behind it is not judged twice.
      if (fault === null) await writeCursor(this.options.pool, DRIFT_MONITOR, stream, windowEnd);
    }
    if (fault !== null) throw fault;
  }

  /** The hour after the last that was judged; the newest again when there is none since, for what was left undone. */
  async #firstHour(stream: string, last: Minute): Promise<Minute> {
    const { pool } = this.options;
    const cursor = await readCursor(pool, DRIFT_MONITOR, stream);
    if (cursor !== null) return Math.max(last - MOST_HOURS * HOUR, Math.min(last, Number(cursor.position) + HOUR));
    const served = await Promise.all(MODEL_KINDS.map((kind) => firstActivation(pool, modelKey(kind, stream))));
    const first = Math.min(last, ...served.filter((minute) => minute !== null));
    return Math.max(last - MOST_HOURS * HOUR, Math.min(last, first + HOUR - (first % HOUR)));
  }

  async #checkModel(
    key: ModelKey,
    stream: string,
    { windowEnd, isNewest }: { windowEnd: Minute; isNewest: boolean },
    streams: NonNullable<Parameters<typeof checkDrift>[0]['streams']>,
    round: DriftRound,
  ): Promise<void> {
    const { pool, settings, logger } = this.options;
    const { report, reportId, fresh } = await checkDrift({
      pool,
      history: streamHistory(pool),
      modelKey: key,
      windowEnd,
      settings: settings.drift,
      artifactDirectory: settings.artifactDirectory,
      onFileTrouble: (error) => logger.warn({ model: key, error: error.message }, 'writing the file of a drift report'),
      runawayRate: settings.retraining.watchRate,
      featureNames: FEATURES.map(({ name }) => name),
      streams,
    });
    if (fresh) {
      round.checks += 1;
      logger.info(
        { model: key, outcome: report.outcome },
        `drift check of ${key}: ${report.outcome}: ${report.reason}`,
      );
    }
    if (report.outcome === 'drifted') {
      if (fresh) round.drifted += 1;
      // A monitor that died between its report and the request for a retrain left that to the next one.
      else if (await wasAskedFor(pool, key, reportId)) return;
      const since = report.onset === null ? null : Date.parse(report.onset) / 60_000;
      const young = since === null ? null : await this.#tooYoung(stream, since, windowEnd);
      if (young !== null) {
        const level = fresh ? 'info' : 'debug';
        const from = new Date(young * 60_000).toISOString();
        logger[level](
          { model: key },
          `${key} has drifted since ${report.onset}: retrained once there are ${settings.retraining.regimeMinutes} minutes of the new traffic from ${from} on`,
        );
        return;
      }
      await this.#request(
        {
          modelKey: key,
          trigger: { kind: 'drift', reportId, ...(report.runaway === true ? { runaway: true } : {}) },
          seed: settings.seed,
        },
        round,
        fresh,
      );
    } else if (!isNewest) {
      // What follows is asked for by what there is now.
    } else {
      const since = await this.#grownRegime(key, stream, windowEnd);
      if (since !== null && (await this.#tooYoung(stream, since, windowEnd)) === null)
        await this.#request({ modelKey: key, trigger: { kind: 'growth', since }, seed: settings.seed }, round, fresh);
    }
  }

  /** Where the newest traffic begins, at the change or at a step since, while there are too few minutes of it to train on. */
  async #tooYoung(stream: string, change: Minute, windowEnd: Minute): Promise<Minute | null> {
    const { pool, settings } = this.options;
    const { regimeMinutes } = settings.retraining;
    if (windowEnd - change < regimeMinutes) return change;
    const block = await streamHistory(pool).features(stream, windowEnd - STEP_LOOK_BACK, windowEnd);
    return youngStep(block, change, regimeMinutes);
  }

  /** Where the regime of a provisional version began, when it has grown enough to be trained on again. */
  async #grownRegime(key: ModelKey, stream: string, windowEnd: Minute): Promise<Minute | null> {
    const { pool, settings } = this.options;
    const active = await currentActivation(pool, key);
    const version = active && (await versionById(pool, active.versionId));
    const regime = version && regimeMetrics.safeParse(version.metrics.regime).data;
    if (!version || !regime || dueGrowth(regime, windowEnd, settings.retraining.trainingDays) === null) return null;
    const { kind } = parseModelKey(key);
    const seen = await anomalyCount(
      pool,
      stream,
      kind,
      version.id,
      Math.max(active.from, windowEnd - UNSETTLED_MINUTES),
    );
    return seen.anomalous <= settings.retraining.watchRate * seen.minutes ? regime.since : null;
  }

  async #request(payload: RetrainPayload, round: Pick<DriftRound, 'requested'>, tell = true): Promise<void> {
    const { pool, queue, settings, logger } = this.options;
    const answer = await requestRetrain(pool, queue, payload, settings.retraining);
    if (answer.admitted) round.requested += 1;
    else logger[tell ? 'info' : 'debug']({ model: payload.modelKey }, `no retraining now: ${answer.reason}`);
  }

  async #firstWindowIsComplete(stream: string): Promise<boolean> {
    const { pool, settings } = this.options;
    const needed = settings.retraining.trainingDays * MINUTES_PER_DAY;
    return (await collectedMinutes(pool, stream, needed)) >= needed;
  }
}
