import { type FeatureBlock, MINUTES_PER_DAY } from '../../src/features/row.js';
import { kindOf } from '../../src/models/kinds.js';
import type { ModelKindName } from '../../src/models/model.js';
import { makeExam, takeExam } from '../../src/retraining/exam.js';
import { decide } from '../../src/retraining/gate.js';
import { scoreHeldBack } from '../../src/retraining/heldBack.js';
import { splitWindow } from '../../src/retraining/window.js';
import { gates } from './monitor.js';
import { slice } from './ordinary.js';
import { scale } from './shifts.js';

const WINDOW_DAYS = 7;
const GROWTH_PER_DAY = 1.02;
const RETRAIN_DAYS = 4;

export interface Frog {
  /** Recall of the version that serves at the end on the lineage's fixed exam, over the first version's. */
  recall: number;
  /** Day on which the gate held a version for a person, and the lineage with it. */
  heldOnDay: number | null;
  /** What the last version would find, had nobody held it. */
  recallUnheld: number;
}

/**
 * Traffic grows by 2 % a day while the model is retrained every fourth day, each version through the gate with the
 * lineage's fixed exam and the held-back minutes that it shares with its champion.
 *
 * @param block at least a week and `days` days of ordinary traffic; changed
 */
export async function boilingFrog(name: ModelKindName, block: FeatureBlock, days: number): Promise<Frog> {
  const kind = kindOf(name);
  for (let row = WINDOW_DAYS * MINUTES_PER_DAY; row < block.minutes.length; row++) {
    scale(block, row, GROWTH_PER_DAY ** ((row - WINDOW_DAYS * MINUTES_PER_DAY) / MINUTES_PER_DAY));
  }
  const options = { seed: 1, falseAlarmsPerDay: gates.falseAlarmsPerDay };
  const first = slice(block, 0, WINDOW_DAYS * MINUTES_PER_DAY);
  const exam = makeExam(first, kind.context, 1);
  if (!exam) throw new Error('no stretch is long enough for an exam');
  const firstVersion = await kind.fit(
    splitWindow(first, [], gates.heldBackMinutes, kind.maximumRows).training,
    options,
  );
  const reference = await takeExam(kind, firstVersion, exam, gates);
  let champion = { model: firstVersion, result: reference };
  let heldOnDay: number | null = null;
  let recallUnheld = reference.recall;
  for (let day = RETRAIN_DAYS; day <= days; day += RETRAIN_DAYS) {
    const block7 = slice(block, day * MINUTES_PER_DAY, (WINDOW_DAYS + day) * MINUTES_PER_DAY);
    const window = splitWindow(block7, [], gates.heldBackMinutes, kind.maximumRows);
    const model = await kind.fit(window.training, { ...options, previous: champion.model });
    const challenger = await takeExam(kind, model, exam, gates);
    recallUnheld = challenger.recall;
    const verdict = decide(
      {
        threshold: kind.threshold(model),
        challenger: await scoreHeldBack(kind, model, window),
        champion: await scoreHeldBack(kind, champion.model, window),
        exam: { challenger, champion: champion.result, reference },
      },
      gates,
    );
    if (verdict.state === 'held') heldOnDay ??= day;
    if (verdict.state === 'published' && heldOnDay === null) {
      champion = { model, result: challenger };
    }
  }
  return {
    recall: champion.result.recall / reference.recall,
    heldOnDay,
    recallUnheld: recallUnheld / reference.recall,
  };
}
