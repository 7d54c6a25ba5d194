import type { Pool } from 'pg';
import { ENSEMBLE } from '../detection/ensembleStep.js';
import type { Minute } from '../features/row.js';
import { MODEL_KINDS } from '../models/model.js';
import { modelKey, parseModelKey } from '../models/modelKey.js';
import { DRIFT_MONITOR } from '../retraining/driftMonitor.js';
import { activationCounts } from '../storage/activations.js';
import { readCursor } from '../storage/cursors.js';
import { watermark } from '../storage/features.js';
import { verdictWatermark } from '../storage/minuteInputs.js';
import { pendingRuns } from '../storage/pendingRuns.js';

const POLL_MILLISECONDS = 50;

/** How far the line is, by its rows. */
export class Pipeline {
  constructor(
    private readonly pool: Pool,
    private readonly stream: string,
    private readonly signal: AbortSignal,
  ) {}

  watermark(): Promise<Minute | null> {
    return watermark(this.pool, this.stream);
  }

  /** @throws Error that names what was waited for, after `seconds` */
  async until(what: string, seconds: number, reached: () => Promise<boolean>): Promise<void> {
    const began = performance.now();
    while (!(await reached())) {
      this.signal.throwIfAborted();
      if (performance.now() - began > seconds * 1000)
        throw new Error(`waited ${seconds} s in vain for ${what}: see the logs (--logs)`);
      await new Promise((done) => setTimeout(done, POLL_MILLISECONDS));
    }
  }

  async featuresReach(minute: Minute): Promise<boolean> {
    return ((await this.watermark()) ?? 0) >= minute;
  }

  /** Every verdict up to the watermark is given and grouped into incidents. */
  async judged(): Promise<boolean> {
    const newest = await this.watermark();
    if (newest === null) return false;
    const ensemble = await readCursor(this.pool, ENSEMBLE, this.stream);
    const correlator = await readCursor(this.pool, 'correlator', this.stream);
    return (
      (ensemble?.position ?? 0) >= newest &&
      (correlator?.position ?? 0) >= ((await verdictWatermark(this.pool, this.stream)) ?? 0)
    );
  }

  /** Every model was checked for the last whole hour, and each retraining that this caused has ended. */
  async checked(): Promise<boolean> {
    const newest = await this.watermark();
    if (newest === null) return false;
    const windowEnd = newest + 1 - ((newest + 1) % 60);
    const monitor = await readCursor(this.pool, DRIFT_MONITOR, this.stream);
    if ((monitor?.position ?? 0) < windowEnd) return false;
    return !(await pendingRuns(this.pool)).some(({ modelKey: key }) => parseModelKey(key).stream === this.stream);
  }

  /** How many versions each kind has had in service. */
  async activations(): Promise<Record<string, number>> {
    const counts = await activationCounts(this.pool, this.stream);
    return Object.fromEntries(MODEL_KINDS.map((kind) => [kind, counts.get(modelKey(kind, this.stream)) ?? 0]));
  }
}
