import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { RetrainPayload } from '../../queues/retrain.js';
import type { Settings } from '../config/settings.js';
import { checkDrift } from '../drift/check.js';
import { FEATURES } from '../features/catalogue.js';
import { MINUTES_PER_DAY, type Minute } from '../features/row.js';
import { MODEL_KINDS, type ModelKey } from '../models/model.js';
import { modelKey } from '../models/modelKey.js';
import { currentActivation } from '../storage/activations.js';
import { writeCursor } from '../storage/cursors.js';
import { firstMinute, watermark } from '../storage/features.js';
import { wasAskedFor } from '../storage/retrainRuns.js';
import { streamHistory } from '../storage/streamHistory.js';
import { requestRetrain } from './retrainRequests.js';

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

/** Checks every model of every stream for the last whole event hour, each hour once, and asks for what must be trained. */
export class DriftMonitor {
  constructor(private readonly options: DriftMonitorOptions) {}

  async check(): Promise<DriftRound> {
    const round: DriftRound = { checks: 0, drifted: 0, requested: 0 };
    for (const { name: stream } of this.options.settings.streams) {
      const newest = await watermark(this.options.pool, stream);
      if (newest === null) continue;
      const windowEnd = newest + 1 - ((newest + 1) % 60);
      const shared = new Map();
      for (const kind of MODEL_KINDS) await this.checkModel(modelKey(kind, stream), stream, windowEnd, shared, round);
      await writeCursor(this.options.pool, DRIFT_MONITOR, stream, windowEnd);
    }
    return round;
  }

  private async checkModel(
    key: ModelKey,
    stream: string,
    windowEnd: Minute,
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
      if (since !== null && windowEnd - since < settings.retraining.regimeMinutes) {
        const level = fresh ? 'info' : 'debug';
        logger[level](
          { model: key },
          `${key} has drifted since ${report.onset}: retrained once there are ${settings.retraining.regimeMinutes} minutes of the new traffic`,
        );
        return;
      }
      await this.request({ modelKey: key, trigger: { kind: 'drift', reportId }, seed: settings.seed }, round, fresh);
    } else if ((await currentActivation(pool, key)) === null && (await this.firstWindowIsComplete(stream))) {
      await this.request({ modelKey: key, trigger: { kind: 'first' }, seed: settings.seed }, round);
    }
  }

  private async request(payload: RetrainPayload, round: DriftRound, tell = true): Promise<void> {
    const { pool, queue, settings, logger } = this.options;
    const answer = await requestRetrain(pool, queue, payload, settings.retraining);
    if (answer.admitted) round.requested += 1;
    else logger[tell ? 'info' : 'debug']({ model: payload.modelKey }, `no retraining now: ${answer.reason}`);
  }

  private async firstWindowIsComplete(stream: string): Promise<boolean> {
    const { pool, settings } = this.options;
    const first = await firstMinute(pool, stream);
    const newest = await watermark(pool, stream);
    if (first === null || newest === null) return false;
    return newest + 1 - first >= settings.retraining.trainingDays * MINUTES_PER_DAY;
  }
}
