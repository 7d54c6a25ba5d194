import type { ModelKind } from '../src/models/model.js';
import { retrainingSettings } from '../src/retraining/settings.js';
import { runTraining } from '../src/retraining/training.js';
import { START, writeFeatures } from '../test/drift/seededStream.js';
import { openTestDatabase } from '../test/support/database.js';
import type { BenchResult } from './result.js';

/**
 * Whole retrains as a worker does them: lease, window read from a PostgreSQL of the bench's own, fit, held-back minutes,
 * exam, and the published version with its activation. The first of the process is a warm-up; the best and the median
 * of the others are told.
 */
export async function wholeRetrain<M>(kind: ModelKind<M>, minutes: number, repeats: number): Promise<BenchResult[]> {
  const database = await openTestDatabase();
  try {
    const seconds: number[] = [];
    for (let run = 0; run <= repeats; run++) {
      const stream = `bench${run}`;
      await writeFeatures(database.pool, stream, START, START + minutes, { seed: run + 1 });
      const started = performance.now();
      const result = await runTraining({
        pool: database.pool,
        payload: { modelKey: `${kind.name}@${stream}`, trigger: { kind: 'manual', actor: 'bench' } },
        kinds: { [kind.name]: kind as unknown as ModelKind<unknown> },
        settings: retrainingSettings.parse({}),
        artifactDirectory: null,
        run: `bench ${run}`,
        holder: 'bench',
        incidentPatienceMinutes: 720,
        codeVersion: 'bench',
      });
      if (result.state !== 'published')
        throw new Error(`the retrain ended ${result.state}: ${result.reasons.join('; ')}`);
      if (run > 0) seconds.push((performance.now() - started) / 1000);
    }
    seconds.sort((a, b) => a - b);
    const line = (what: string, ours: number): BenchResult => ({
      what: `whole retrain on ${minutes} minutes in PostgreSQL, window to published version, ${what}`,
      ours,
      yardstick: null,
      yardstick_name: '',
      unit: 's',
      ratio: null,
      goal: '< 1 s',
    });
    return [line('median', seconds[seconds.length >> 1]!), line('best', seconds[0]!)];
  } finally {
    await database.close();
  }
}
