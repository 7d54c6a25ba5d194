import type { ModelKind } from '../models/model.js';
import { findExam } from '../storage/exams.js';
import type { Champion } from './champion.js';
import { decodeExam, type ExamResult, encodeExam, makeExam, takeExam } from './exam.js';
import type { GateEvidence } from './gate.js';
import type { TrainingRun } from './trainingRun.js';
import type { TrainingWindow } from './window.js';

/** Challenger and champion take the exam of their lineage; the first version of a lineage brings it. */
export async function examine(
  training: TrainingRun,
  kind: ModelKind<unknown>,
  model: unknown,
  champion: Champion | null,
  window: TrainingWindow,
  seed: number,
): Promise<{ results: NonNullable<GateEvidence['exam']>; bytes: Buffer; isNew: boolean } | null> {
  const { modelKey } = training.payload;
  const stored = await findExam(training.pool, modelKey, champion?.version.lineage ?? 1);
  if (stored) {
    const exam = decodeExam(stored.bytes);
    return {
      results: {
        challenger: await takeExam(kind, model, exam, training.settings),
        champion: champion && (await takeExam(kind, champion.model, exam, training.settings)),
        reference: stored.reference as Pick<ExamResult, 'recall'>,
      },
      bytes: stored.bytes,
      isNew: false,
    };
  }
  const exam = makeExam(window.training, kind.context, seed);
  if (!exam) return null;
  const challenger = await takeExam(kind, model, exam, training.settings);
  return { results: { challenger, champion: null, reference: challenger }, bytes: encodeExam(exam), isNew: true };
}
